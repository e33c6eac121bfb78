import assert from "node:assert/strict";
import fc from "fast-check";
import { ALICE, BOB } from "../../../tests/support/clients/applicant.ts";
import { nameFault, parsePasswordFile } from "./file.ts";

const SALT = new Uint8Array(16).fill(1).toBase64();
const KEY = new Uint8Array(32).fill(2).toBase64();
const SHA512 = new Uint8Array(64).fill(3).toBase64();
const SCRYPT = `$scrypt$ln=14,r=8,p=1$${SALT}$${KEY}`;
const KEYS = `$scram-sha-256$i=16384$${SALT}$${KEY}$${KEY}`;

function parse(text: string) {
  return parsePasswordFile(new TextEncoder().encode(text));
}

/** The faults of a text, as `check` shows them, and who may come in all the same. */
function judge(text: string): { faults: string[]; users: string[] } {
  const { entries, faults } = parse(text);
  return {
    faults: faults.map(({ line, column, message }) =>
      `${line}:${column}: ${message}`
    ),
    users: [...entries.keys()],
  };
}

Deno.test("parsePasswordFile() reads lines of all kinds", () => {
  const { entries, faults } = parse(
    `\uFEFF# users\n\n  \n${ALICE}\r\n${BOB}\nKarl Möller, 2. Stock = #7:${SCRYPT}:${KEYS}\n` +
      ` d :${SCRYPT} \nnew:$argon2id$v=19$m=47104,t=1,p=1$${
        SHA512.replaceAll("=", "")
      }$${SHA512.replaceAll("=", "")}`,
  );
  assert.deepEqual(faults, []);
  const kinds = [...entries.values()].map(({ name, line, hash, scram }) =>
    [name, line, hash.kind, scram?.iterations] as const
  );
  assert.deepEqual(kinds, [
    ["alice", 4, "pbkdf2", undefined],
    ["bob", 5, "sha512", undefined],
    ["Karl Möller, 2. Stock = #7", 6, "scrypt", 16384],
    ["d", 7, "scrypt", undefined],
    ["new", 8, "argon2id", undefined],
  ]);
});

Deno.test("parsePasswordFile() names each fault, and lets nobody in by its line", () => {
  const cases: readonly (readonly [line: string, fault: RegExp])[] = [
    ["a", /^1:1: there is no colon/],
    [`:${SCRYPT}`, /^1:1: this is no name of a user: it is empty/],
    [`a\u0007:${SCRYPT}`, /control character/],
    [`${"ü".repeat(257)}:${SCRYPT}`, /longer than 512 bytes/],
    [`a:${"x".repeat(4096)}`, /^1:1: the line is longer than 4096 bytes/],
    ["a:", /^1:3: a password in the clear is never taken: mailboxqtt passwd/],
    ["a:hunter2", /^1:3: a password in the clear/],
    ["a: hunter2", /^1:4: a password in the clear/],
    ["a:$", /^1:4: this kind of hash is not known/],
    ["😀:$2b$10$abc", /^1:4: this kind of hash is not known/],
    ["a:$scrypt", /written \$scrypt\$ln=14/],
    [`a:$scrypt$ln=14,r=8$${SALT}$${KEY}`, /^1:11: this kind of hash is wr/],
    [`a:$scrypt$ln=5,r=8,p=1$${SALT}$${KEY}`, /^1:11: this costs too little/],
    [`a:$scrypt$ln=14,r=0,p=1$${SALT}$${KEY}`, /costs too little/],
    [`a:$scrypt$ln=17,r=8,p=1$${SALT}$${KEY}`, /^1:11: this costs too much/],
    [`a:$scrypt$ln=99,r=8,p=1$${SALT}$${KEY}`, /costs too much/],
    [`a:$scrypt$ln=14,r=8,p=99$${SALT}$${KEY}`, /costs too much/],
    [`a:$scrypt$ln=14,r=8,p=1$$${KEY}`, /^1:25: the salt is no base64/],
    [`a:$scrypt$ln=14,r=8,p=1$${SALT}$`, /^1:50: the hash is no base64/],
    [`a:$scrypt$ln=14,r=8,p=1$${SALT}$AAAA`, /hash is no base64 of 32 to 64/],
    [`a:$scrypt$ln=14,r=8,p=1$${SALT}$${KEY}$x`, /written/],
    [`a:$6$${SALT}$`, /hash is no base64 of 64 bytes/],
    [`a:$6$${SALT}$${KEY}`, /hash is no base64 of 64 bytes/],
    [`a:$6$$${SHA512}`, /salt/],
    [`a:$6$rounds=5000$${SALT}$${SHA512}`, /written \$6\$salt\$hash/],
    [`a:$7$0$${SALT}$${SHA512}`, /^1:6: iterations are 1 to 500000/],
    [`a:$7$999999999$${SALT}$${SHA512}`, /iterations/],
    [`a:$7$-1$${SALT}$${SHA512}`, /written/],
    [`a:$7$101$${SALT}`, /written/],
    [`a:$7$101$${SALT}$${SHA512.replace("A", "!")}`, /hash/],
    [`a:$argon2i$v=19$m=64,t=1,p=1$${SALT}$${KEY}`, /not known/],
    [`a:$argon2id$v=16$m=64,t=1,p=1$${SALT}$${KEY}`, /^1:13: .*written/],
    [`a:$argon2id$v=19$m=64$${SALT}$${KEY}`, /^1:18: .*written/],
    [`a:$argon2id$v=19$m=999999,t=1,p=1$${SALT}$${KEY}`, /too much/],
    [`a:$argon2id$v=19$m=65536,t=9,p=1$${SALT}$${KEY}`, /too much/],
    [`a:$argon2id$v=19$m=64,t=0,p=1$${SALT}$${KEY}`, /no Argon2/],
    [`a:$argon2id$v=19$m=7,t=1,p=1$${SALT}$${KEY}`, /no Argon2/],
    [`a:${SCRYPT}:x`, /^1:95: behind a hash there may only be \$scram/],
    [`a:${SCRYPT}:`, /behind a hash/],
    [`a:${SCRYPT}:${KEYS.replace("16384", "1")}`, /^1:110: iterations/],
    [`a:${SCRYPT}:${KEYS.replace("16384", "9999999")}`, /iterations/],
    [`a:${SCRYPT}:$scram-sha-256$i=4096$${SALT}$${KEY}$`, /keys are no base64/],
    [`a:${SCRYPT}:$scram-sha-256$i=4096$${SALT}$$${KEY}`, /keys are no base64/],
    [`a:${SCRYPT}:$scram-sha-256$i=4096$$${KEY}$${KEY}`, /salt is no base64/],
  ];
  for (const [line, fault] of cases) {
    const { faults, users } = judge(`${line}\n${BOB}`);
    assert.equal(faults.length, 1, `${line}: ${faults}`);
    assert.match(faults[0]!, fault, line);
    assert.deepEqual(users, ["bob"], line);
  }
});

Deno.test("parsePasswordFile() shows no password in a fault", () => {
  for (const text of ["hunter2", "a:hunter2", "a:$hunter2", "hunter2:x:y"]) {
    assert.doesNotMatch(judge(text).faults.join(), /hunter2/, text);
  }
});

Deno.test("parsePasswordFile() lets nobody in who stands there twice", () => {
  const { faults, users } = judge(`${ALICE}\n${BOB}\n alice:${SCRYPT}\n`);
  assert.match(faults.join(), /^3:1: this user stands on line 1 already/);
  assert.deepEqual(users, ["bob"]);
  assert.deepEqual(judge(`alice:x\n${ALICE}`).users, []);
  assert.deepEqual(judge(`${ALICE}\nalice:x\n${BOB}`).users, ["bob"]);
});

Deno.test("parsePasswordFile() names files that are no UTF-8", () => {
  const utf16 = new Uint8Array([0xFF, 0xFE, 0x61, 0, 0x3A, 0, 0x0A, 0]);
  assert.match(parsePasswordFile(utf16).faults[0]!.message, /UTF-16/);
  const latin1 = new Uint8Array([0x61, 0x0A, 0xFC, 0x3A, 0x61]);
  const { faults } = parsePasswordFile(latin1);
  assert.deepEqual(faults[1], {
    line: 2,
    column: 1,
    message: "the line is not UTF-8",
  });
});

Deno.test("parsePasswordFile() stops telling faults of a file that is something else", () => {
  const { faults, users } = judge(`${"x\n".repeat(10_000)}${BOB}`);
  assert.equal(faults.length, 101);
  assert.match(faults.at(-1)!, /^101:1: there are more than 100 faults/);
  assert.deepEqual(users, ["bob"]);
});

Deno.test("nameFault() allows what can be read back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 20 }), (name) => {
      const { entries } = parse(`${name}:${SCRYPT}`);
      assert.equal(nameFault(name) === undefined, entries.has(name));
    }),
  );
});

Deno.test("parsePasswordFile() neither throws nor opens a door, whatever it is given", () => {
  const good = `x:${SCRYPT}:${KEYS}`;
  const damaged = fc.tuple(
    fc.constantFrom(good, ALICE, BOB),
    fc.nat(),
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.nat(8),
  ).map(([line, at, text, removed]) => {
    const start = at % line.length;
    return line.slice(0, start) + text + line.slice(start + removed);
  });
  const line = fc.oneof(damaged, fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const { entries, faults } = parse(lines.join("\n"));
      for (const { hash, scram } of entries.values()) {
        assert.ok(hash.hash.length >= 32 && hash.salt.length >= 8);
        assert.ok(scram === undefined || scram.storedKey.length === 32);
      }
      for (const { line, column } of faults) assert.ok(line > 0 && column > 0);
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    assert.equal(parsePasswordFile(bytes).entries.size, 0);
  }));
});
