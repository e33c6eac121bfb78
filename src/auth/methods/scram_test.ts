import assert from "node:assert/strict";
import fc from "fast-check";
import {
  applicant,
  BOB,
  scramVerdict,
  usersOf,
} from "../../../tests/support/clients/applicant.ts";
import { ScramClient } from "../../../tests/support/clients/scram_client.ts";
import type { Exchange, Step } from "./method.ts";
import { prepare } from "../passwords/sasl_prepare.ts";
import { formatScramKeys, makeScramKeys } from "../passwords/scram_keys.ts";
import { ScramMethod } from "./scram.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const HASH = BOB.slice("bob:".length);

/** The user of RFC 7677, whose password is `pencil`. */
const KEYS = await makeScramKeys("pencil", {
  salt: Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ=="),
  iterations: 4096,
});
const USER = `user:${HASH}:${formatScramKeys(KEYS)}`;
const SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

function method(...lines: readonly string[]): ScramMethod {
  return new ScramMethod({
    users: usersOf(...lines),
    nonce: () => SERVER_NONCE,
  });
}

/** The text of a step that goes on, or why it does not. */
function said(step: Step): string {
  return step.type === "denied"
    ? step.denial.detail
    : new TextDecoder().decode(step.data);
}

async function take(exchange: Exchange, text: string): Promise<string> {
  return said(await exchange.take(utf8(text)));
}

Deno.test("ScramMethod says what RFC 7677 says", async () => {
  const scram = method(USER);
  const exchange = scram.begin(applicant());
  assert.equal(
    await take(exchange, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  );
  assert.equal(exchange.claimed, "user");
  const step = await exchange.take(
    utf8(
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    ),
  );
  assert.equal(said(step), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  assert.equal(step.type, "granted");
  if (step.type !== "granted") return;
  assert.equal(step.identity.user, "user");
  assert.ok(scram.holds(step.identity));
  assert.ok(!method(BOB).holds(step.identity));
  const renewed = formatScramKeys(await makeScramKeys("pencil"));
  assert.ok(!method(`user:${HASH}:${renewed}`).holds(step.identity));
});

Deno.test("ScramMethod treats a wrong password, a user without keys and an unknown one alike", async () => {
  const scram = method(USER, BOB);
  const seen = new Set<string>();
  for (const [user, password] of [["user", "x"], ["bob", "secret"], ["", ""]]) {
    const name = user === "" ? "nobody" : user!;
    const client = new ScramClient(name, password!);
    const exchange = scram.begin(applicant());
    const first = await exchange.take(client.first());
    assert.equal(first.type, "continue");
    const shape = said(first).replace(/s=[A-Za-z0-9+/]{22}==/, "s=SALT");
    assert.equal(exchange.claimed, name);
    if (first.type !== "continue") return;
    const last = await exchange.take(client.final(first.data));
    assert.equal(last.type, "denied");
    if (last.type !== "denied") return;
    seen.add(`${shape} ${last.denial.cause}`);
  }
  assert.equal(seen.size, 1, [...seen].join("\n"));
});

Deno.test("ScramMethod makes salts up that stay the same, until the users with keys change", async () => {
  const salt = async (scram: ScramMethod, user: string) => {
    const exchange = scram.begin(applicant());
    return (await take(exchange, `n,,n=${user},r=abc`)).split(",")[1];
  };
  const once = await salt(method(USER, BOB), "nobody");
  assert.equal(await salt(method(USER), "nobody"), once);
  assert.notEqual(await salt(method(USER, BOB), "somebody"), once);
  const other = formatScramKeys(await makeScramKeys("other"));
  const changed = method(USER, `o:${HASH}:${other}`);
  assert.notEqual(await salt(changed, "nobody"), once);
});

Deno.test("ScramMethod takes the headers of clients that do not bind to the channel, and no others", async () => {
  const verdict = (header: string, finalHeader = header) => {
    const exchange = method(USER).begin(applicant());
    const options = { header, finalHeader };
    const client = new ScramClient("user", "pencil", options);
    return exchange.take(client.first()).then((step) =>
      step.type === "continue"
        ? exchange.take(client.final(step.data)).then(({ type }) => type)
        : said(step)
    );
  };
  assert.equal(await verdict("n,,"), "granted");
  assert.equal(await verdict("y,,"), "granted");
  assert.equal(await verdict("n,a=user,"), "granted");
  assert.equal(await verdict("n,,", "y,,"), "denied");
  assert.match(await verdict("n,a=admin,"), /act for another user/);
  assert.match(await verdict("p=tls-unique,,"), /channel binding/);
  assert.match(await verdict("x,,"), /does not begin/);
  assert.match(await verdict("n,,m=x,"), /extension/);
});

Deno.test("ScramMethod ends an exchange with the first message that is wrong", async () => {
  const cases: readonly (readonly [text: string, detail: RegExp])[] = [
    ["", /does not begin/],
    ["n,,", /user name/],
    ["n,,n=,r=abc", /user name/],
    ["n,,n=a=b,r=abc", /user name/],
    ["n,,n=user", /nonce/],
    ["n,,n=user,r=", /nonce/],
    ["n,,n=user,r=a b", /nonce/],
    [`n,,n=user,r=${"a".repeat(257)}`, /nonce/],
    ["n,,n=user,r=abc,x", /end/],
    [`n,,n=user,r=abc,x=${"a".repeat(3000)}`, /no text/],
  ];
  for (const [text, detail] of cases) {
    const exchange = method(USER).begin(applicant());
    assert.match(await take(exchange, text), detail, text);
    assert.equal(exchange.claimed, undefined);
    assert.match(await take(exchange, "n,,n=user,r=abc"), /is over/);
  }
  const named = method(USER).begin(applicant({ user: "bob" }));
  assert.match(await take(named, "n,,n=user,r=abc"), /names another user/);
  const silent = method(USER).begin(applicant());
  assert.match(said(await silent.take(undefined)), /no text/);
});

Deno.test("ScramMethod takes a last message for its own exchange alone", async () => {
  const finals: readonly ((good: string) => string)[] = [
    (good) => good.replace("c=biws", "c=eSws"),
    (good) => good.replace(/r=[^,]*/, "r=rOprNGfwEbeRWgbNEkqO"),
    (good) => good.replace(/p=...../, "p=AAAAA"),
    (good) => good.replace(/,p=.*/, ",p="),
    (good) => good.replace(/,p=.*/, ",p=AAAA"),
    (good) => good.replace(/,p=.*/, ""),
    (good) => good.replace(",p=", ",x=1,p="),
    (good) => `${good},x=1`,
    () => "",
  ];
  for (const change of finals) {
    const exchange = method(USER).begin(applicant());
    const client = new ScramClient("user", "pencil");
    const first = await exchange.take(client.first());
    if (first.type !== "continue") throw new Error(said(first));
    const good = new TextDecoder().decode(client.final(first.data));
    const step = await exchange.take(utf8(change(good)));
    assert.equal(step.type, "denied", change.toString());
    assert.match(await take(exchange, good), /is over/);
  }
});

Deno.test("ScramMethod reads names with commas, equals signs and what SASLprep changes", async () => {
  const keys = formatScramKeys(await makeScramKeys("p\u00ADw\u2168"));
  const scram = method(`a,b=c:${HASH}:${keys}`, `\u00AA:${HASH}:${keys}`);
  const verdict = (user: string) =>
    scramVerdict(scram.begin(applicant()), user, "pwIX");
  for (const user of ["a,b=c", "\u00AA"]) {
    assert.deepEqual(await verdict(user), { user, by: "SCRAM-SHA-256" });
  }
  const [composed, parts] = ["G\u00FCnter", "Gu\u0308nter"];
  const other = method(`${composed}:${HASH}:${keys}`);
  assert.deepEqual(
    await scramVerdict(other.begin(applicant()), parts, "pwIX"),
    { user: composed, by: "SCRAM-SHA-256" },
  );
});

Deno.test("prepare() does what RFC 4013 shows", () => {
  assert.equal(prepare("I\u00ADX"), "IX");
  assert.equal(prepare("user"), "user");
  assert.equal(prepare("USER"), "USER");
  assert.equal(prepare("\u00AA"), "a");
  assert.equal(prepare("\u2168"), "IX");
  assert.equal(prepare("a\u00A0b\u3000c"), "a b c");
  assert.equal(prepare("\u0007"), undefined);
  assert.equal(prepare("\uE000"), undefined);
  assert.equal(prepare("\u{E0041}"), undefined);
});

Deno.test("ScramMethod neither throws nor opens a door, whatever it is sent", async () => {
  const scram = method(USER, BOB);
  const piece = fc.constantFrom(
    ...["n", "y", "p=", ",", ",,", "a=", "n=user", "r=", "abc", "=2C", "=3D"],
    ...["c=biws", ",p=", "m=", SERVER_NONCE, "=", "x=1"],
  );
  const message = fc.oneof(
    fc.array(fc.oneof(piece, fc.string({ unit: "binary" }))).map((parts) =>
      utf8(parts.join(""))
    ),
    fc.uint8Array(),
  );
  await fc.assert(
    fc.asyncProperty(message, message, async (first, second) => {
      const exchange = scram.begin(applicant());
      await exchange.take(first);
      assert.equal((await exchange.take(second)).type, "denied");
      const begun = scram.begin(applicant());
      await begun.take(utf8("n,,n=user,r=abc"));
      assert.equal((await begun.take(second)).type, "denied");
    }),
    { numRuns: 500 },
  );
});
