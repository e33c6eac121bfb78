import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  ALICE,
  BOB,
  Stage,
  usersOf,
} from "../../../tests/support/clients/applicant.ts";
import { Argon2Thread } from "./argon2_thread.ts";
import { dummyHash, isPassword, makeHash } from "./derive_hash.ts";
import {
  formatScrypt,
  hashCost,
  parsePasswordHash,
  type PasswordHash,
} from "./hash.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** RFC 7914, section 12. */
const SCRYPT = `$scrypt$ln=14,r=8,p=1$${utf8("SodiumChloride").toBase64()}$${
  Uint8Array.fromHex(
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2" +
      "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
  ).toBase64()
}`;

/** What Debian's `argon2` makes of `secret` with a salt of 64 bytes, as mosquitto 2.1 uses them. */
const ARGON2 =
  "$argon2id$v=19$m=47104,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg$0nGWzMjUf6oZ8fu++KVWZ307KBwF+7muwVYQDW8cuHnSmGdMHDscax04wks4UJxdtWjhb6cn4MM+XUREOEBN/Q";

/** The same with other costs and a short salt. */
const SMALL_ARGON2 =
  "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$u2t7lHTBUH/oW0CNqeW5pekifehDZl+1Fz6DLoR939g";

function hashOf(text: string): PasswordHash {
  const hash = parsePasswordHash(text);
  if ("message" in hash) throw new Error(hash.message);
  return hash;
}

Deno.test("isPassword() tells right passwords from wrong ones, for each kind of hash", async () => {
  using stage = new Stage();
  const argon2 = new Argon2Thread(stage.timers);
  const cases: readonly (readonly [text: string, password: string])[] = [
    [SCRYPT, "pleaseletmein"],
    [ALICE.slice("alice:".length), "secret"],
    [BOB.slice("bob:".length), "secret"],
    [ARGON2, "secret"],
    [SMALL_ARGON2, "secret"],
  ];
  for (const [text, password] of cases) {
    const hash = hashOf(text);
    assert.ok(await isPassword(utf8(password), hash, argon2), text);
    for (const wrong of [`${password} `, password.slice(1), ""]) {
      assert.ok(!await isPassword(utf8(wrong), hash, argon2), text);
    }
    const other = { ...hash, salt: dummyHash(hash).salt };
    assert.ok(!await isPassword(utf8(password), other, argon2), text);
  }
  argon2.close();
});

Deno.test("isPassword() takes the empty password for no hash, not even its own", async () => {
  using stage = new Stage();
  const argon2 = new Argon2Thread(stage.timers);
  const salt = new Uint8Array(12);
  for (const password of [new Uint8Array(), new Uint8Array(1)]) {
    const digest = createHash("sha512").update(password).update(salt).digest();
    const hash = {
      kind: "sha512",
      salt,
      hash: new Uint8Array(digest),
    } as const;
    assert.ok(!await isPassword(new Uint8Array(), hash, argon2));
  }
});

Deno.test("makeHash() makes what can be read back, with another salt each time", async () => {
  using stage = new Stage();
  const argon2 = new Argon2Thread(stage.timers);
  const [one, other] = [
    formatScrypt(await makeHash(utf8("Grüße"))),
    formatScrypt(await makeHash(utf8("Grüße"))),
  ];
  assert.notEqual(one, other);
  assert.match(one, /^\$scrypt\$ln=14,r=8,p=1\$[^$=]{22}\$[^$=]{43}$/);
  assert.ok(await isPassword(utf8("Grüße"), hashOf(one), argon2));
  assert.ok(!await isPassword(utf8("Gruße"), hashOf(one), argon2));
});

Deno.test("isPassword() lets the event loop go on meanwhile", async () => {
  using stage = new Stage();
  const argon2 = new Argon2Thread(stage.timers);
  for (const text of [SCRYPT, ARGON2]) {
    // Worked out in the loop, it would be over before any timer.
    const work = isPassword(utf8("x"), hashOf(text), argon2);
    const timer = new Promise((resolve) => setTimeout(resolve, 0, "timer"));
    assert.equal(await Promise.race([work, timer]), "timer", text);
    await work;
  }
  argon2.close();
});

Deno.test("Argon2Thread comes with the first hash, and goes when there was none for a while", async () => {
  using stage = new Stage();
  const argon2 = new Argon2Thread(stage.timers);
  assert.ok(!argon2.runs);
  const hash = hashOf(SMALL_ARGON2);
  const look = () => isPassword(utf8("secret"), hash, argon2);
  assert.deepEqual(await Promise.all([look(), look()]), [true, true]);
  const late = look();
  // It is not idle as long as it works.
  stage.clock.advance(40_000);
  assert.ok(await late);
  stage.clock.advance(20_000);
  assert.ok(argon2.runs);
  stage.clock.advance(20_000);
  assert.ok(!argon2.runs);
  assert.ok(await look());
  const cut = look();
  argon2.close();
  await assert.rejects(cut, /the thread was ended/);
});

Deno.test("Users has a hash for unknown ones that costs what most cost", () => {
  const scrypt = (name: string) => `${name}:${SCRYPT}`;
  const cost = (...lines: string[]) => hashCost(usersOf(...lines).dummy);
  assert.equal(cost(), "scrypt 14 8 1");
  assert.equal(cost(ALICE), "pbkdf2 101");
  assert.equal(cost(ALICE, scrypt("a"), BOB, scrypt("b")), "scrypt 14 8 1");
  assert.equal(cost(ALICE, `a:${ARGON2}`, `b:${ARGON2}`), "argon2id 47104 1 1");
});
