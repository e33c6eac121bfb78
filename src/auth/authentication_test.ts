import assert from "node:assert/strict";
import {
  ALICE,
  applicant,
  BOB,
  type Brings,
  scramVerdict,
  Stage,
  usersOf,
  type Verdict,
  verdictOf,
} from "../../tests/support/clients/applicant.ts";
import { AnonymousMethod } from "./methods/anonymous.ts";
import {
  Authentication,
  type AuthenticationSettings,
} from "./authentication.ts";
import { LoginThrottle } from "./throttle/login_throttle.ts";
import { LateAnswers } from "./methods/late_answers.ts";
import type { Identity } from "./methods/method.ts";
import { PasswordVerifier } from "./passwords/verifier.ts";
import { formatScramKeys, makeScramKeys } from "./passwords/scram_keys.ts";

const SCRAM = "SCRAM-SHA-256";
const CAROL = `carol:${BOB.slice("bob:".length)}:${
  formatScramKeys(await makeScramKeys("secret", { iterations: 4096 }))
}`;
const PASSWORDS = { user: "alice", password: "secret" };
const CERTIFICATE = { commonName: "alice" };

/** What a listener's authentication is made of, with a clock that stands still. */
class Door extends Stage {
  readonly loginThrottle = new LoginThrottle(this);
  readonly lateAnswers = new LateAnswers(this.timers);
  readonly verifier = new PasswordVerifier(this);
  authentication: Authentication;

  constructor(settings: Partial<AuthenticationSettings>) {
    super();
    this.authentication = this.by(settings);
  }

  /** The same door by other settings. */
  by(settings: Partial<AuthenticationSettings>): Authentication {
    return new Authentication({ anonymous: false, ...settings }, this);
  }

  /** Logs in with what CONNECT says. Time goes on until there is an answer. */
  async login(brings: Brings): Promise<Verdict> {
    const exchange = this.authentication.begin(applicant(brings), undefined);
    return await this.inTime(verdictOf(exchange));
  }

  /** Lets time go on until a promise has resolved. */
  async inTime<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    void promise.finally(() => isOver = true);
    while (!isOver) {
      this.clock.advance(10);
      await new Promise((resolve) => setTimeout(resolve));
    }
    return await promise;
  }

  /** The user that comes of it, or the cause of the denial. */
  async outcome(brings: Brings): Promise<string> {
    const verdict = await this.login(brings);
    return "cause" in verdict ? verdict.cause : verdict.user ?? "anonymous";
  }

  /** Lets an applicant in, and returns who it is. */
  async identity(brings: Brings): Promise<Identity> {
    const exchange = this.authentication.begin(applicant(brings), undefined);
    const step = await exchange!.take(undefined);
    assert.equal(step.type, "granted");
    return (step as { identity: Identity }).identity;
  }
}

Deno.test("Authentication lets in by password, and nobody else", async () => {
  using door = new Door({ users: usersOf(ALICE, BOB) });
  const wrong = "badUserNameOrPassword";
  assert.equal(await door.outcome(PASSWORDS), "alice");
  assert.equal(await door.outcome({ user: "bob", password: "secret" }), "bob");
  assert.equal(await door.outcome({ user: "bob", password: "x" }), wrong);
  assert.equal(await door.outcome({ user: "bob", password: "" }), wrong);
  assert.equal(await door.outcome({ user: "bob" }), wrong);
  assert.equal(await door.outcome({ user: "x", password: "secret" }), wrong);
  assert.equal(await door.outcome({ user: "", password: "secret" }), wrong);
  assert.equal(await door.outcome({}), "notAuthorized");
  assert.equal(await door.outcome({ password: "secret" }), "notAuthorized");
  assert.equal(
    await door.outcome({ certificate: CERTIFICATE }),
    "notAuthorized",
  );
});

Deno.test("Authentication lets anonymous clients in if told, but no wrong password", async () => {
  using both = new Door({ users: usersOf(ALICE), anonymous: true });
  assert.equal(await both.outcome({}), "anonymous");
  assert.equal(await both.outcome(PASSWORDS), "alice");
  assert.equal(
    await both.outcome({ user: "alice", password: "x" }),
    "badUserNameOrPassword",
  );
  assert.equal(await both.outcome({ user: "x" }), "badUserNameOrPassword");
  using open = new Door({ anonymous: true });
  assert.equal(await open.outcome({}), "anonymous");
  // A name that nobody has checked is nobody's.
  assert.equal(await open.outcome(PASSWORDS), "anonymous");
  const strict = new AnonymousMethod({ allNames: false });
  assert.equal(strict.begin(applicant(PASSWORDS)), undefined);
  using closed = new Door({});
  assert.equal(await closed.outcome({}), "notAuthorized");
  assert.equal(await closed.outcome(PASSWORDS), "notAuthorized");
});

Deno.test("Authentication takes a certificate alone, or asks for the password too", async () => {
  const users = usersOf(ALICE, BOB);
  using alone = new Door({
    users,
    certificates: { identity: "cn", withPassword: false },
  });
  assert.equal(await alone.outcome({ certificate: CERTIFICATE }), "alice");
  assert.equal(await alone.outcome({ user: "bob", password: "secret" }), "bob");
  assert.equal(await alone.outcome({ certificate: {} }), "notAuthorized");
  using both = new Door({
    users,
    certificates: { identity: "cn", withPassword: true },
  });
  const shown = { certificate: CERTIFICATE };
  assert.deepEqual(await both.login({ ...shown, ...PASSWORDS }), {
    user: "alice",
    by: "certificate and password",
  });
  assert.equal(await both.outcome({ ...shown, password: "secret" }), "alice");
  assert.equal(
    await both.outcome({ ...shown, password: "x" }),
    "badUserNameOrPassword",
  );
  assert.equal(await both.outcome(shown), "badUserNameOrPassword");
  for (
    const brings of [
      PASSWORDS,
      { ...shown, user: "bob", password: "secret" },
      { certificate: {}, ...PASSWORDS },
      {},
    ]
  ) assert.equal(await both.outcome(brings), "notAuthorized");
  const scram = (user: string) =>
    scramVerdict(both.authentication.begin(applicant(shown), SCRAM), user, "x");
  assert.match(JSON.stringify(await scram("bob")), /names another user/);

  const [composed, parts] = ["G\u00FCnter", "Gu\u0308nter"];
  using prepared = new Door({
    users: usersOf(CAROL.replace("carol", composed)),
    certificates: { identity: "cn", withPassword: true },
  });
  const { authentication } = prepared;
  const verdict = (commonName: string) => {
    const exchange = authentication.begin(
      applicant({ certificate: { commonName } }),
      SCRAM,
    );
    return scramVerdict(exchange, commonName, "secret");
  };
  assert.match(JSON.stringify(await verdict(parts)), /another user's/);
  assert.deepEqual(await verdict(composed), {
    user: composed,
    by: `certificate and ${SCRAM}`,
  });
});

Deno.test("Authentication knows the methods that it has", async () => {
  using door = new Door({ users: usersOf(ALICE, CAROL) });
  const { authentication } = door;
  assert.equal(authentication.begin(applicant(), "PLAIN"), undefined);
  const carol = authentication.begin(applicant(), SCRAM);
  assert.deepEqual(await scramVerdict(carol, "carol", "secret"), {
    user: "carol",
    by: SCRAM,
  });
  const alice = authentication.begin(applicant(), SCRAM);
  const verdict = await scramVerdict(alice, "alice", "secret");
  assert.equal("cause" in verdict && verdict.cause, "badUserNameOrPassword");
  using open = new Door({ anonymous: true });
  assert.equal(open.authentication.begin(applicant(), SCRAM), undefined);
});

Deno.test("Authentication holds what its settings still allow", async () => {
  using door = new Door({
    users: usersOf(ALICE, BOB),
    certificates: { identity: "cn", withPassword: false },
    anonymous: true,
  });
  const alice = await door.identity(PASSWORDS);
  const bob = await door.identity({ user: "bob", password: "secret" });
  const shown = await door.identity({ certificate: CERTIFICATE });
  const nobody = await door.identity({});
  const held = (authentication: Authentication) =>
    [alice, bob, shown, nobody].map((one) => authentication.holds(one));
  assert.deepEqual(held(door.authentication), [true, true, true, true]);
  for (const { credential } of [alice, bob]) {
    assert.ok(!ALICE.includes(credential) && !BOB.includes(credential));
  }
  const other = door.by({ users: usersOf(ALICE, BOB.replace("bob", "new")) });
  assert.deepEqual(held(other), [true, false, false, false]);
  assert.deepEqual(held(door.by({ anonymous: true })), [
    false,
    false,
    false,
    true,
  ]);
});

Deno.test("Authentication bans who guesses, by password and by SCRAM, and tells it once", async () => {
  using door = new Door({ users: usersOf(ALICE, CAROL) });
  const guess = { user: "alice", password: "wrong" };
  for (let n = 0; n < 5; n++) {
    assert.equal(await door.outcome(guess), "badUserNameOrPassword");
  }
  assert.equal(await door.outcome(guess), "banned");
  assert.equal(await door.outcome(PASSWORDS), "banned");
  assert.equal(
    await door.outcome({ ...PASSWORDS, address: "198.51.100.1" }),
    "alice",
  );
  door.clock.advance(30_000);
  assert.equal(await door.outcome(PASSWORDS), "alice");
  assert.deepEqual(door.loginThrottle.counts, {
    failures: 5,
    bans: 1,
    refused: 2,
  });
  assert.equal(door.lines.length, 1);
  assert.doesNotMatch(JSON.stringify(door.lines), /wrong|secret/);

  const scram = async (user: string) => {
    const { authentication } = door;
    const exchange = authentication.begin(applicant(), SCRAM);
    const verdict = door.inTime(scramVerdict(exchange, user, "guess"));
    return JSON.stringify(await verdict);
  };
  for (const user of ["carol", "nobody"]) {
    for (let n = 0; n < 5; n++) {
      assert.match(await scram(user), /badUserNameOrPassword/);
    }
    assert.match(await scram(user), /banned/);
  }
});

Deno.test("Authentication answers a second failure late", async () => {
  using door = new Door({ users: usersOf(ALICE) });
  const guess = { user: "alice", password: "wrong" };
  await door.login(guess);
  let isOver = false;
  const second = verdictOf(
    door.authentication.begin(applicant(guess), undefined),
  ).finally(() => isOver = true);
  while (door.loginThrottle.counts.failures < 2) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve));
  assert.ok(!isOver);
  door.clock.advance(300);
  await second;
});

Deno.test("Authentication looks at few of the passwords that come at the same time", async () => {
  using door = new Door({ users: usersOf(ALICE) });
  const verdicts = Array.from(
    { length: 200 },
    (_, n) => door.outcome({ user: "alice", password: `guess ${n}` }),
  );
  const outcomes = await Promise.all(verdicts);
  const looked = outcomes.filter((one) => one === "badUserNameOrPassword");
  // Five, and those under way when the fifth failed.
  assert.ok(looked.length <= 10, `${looked.length} were looked at`);
  assert.equal(
    outcomes.filter((one) => one === "banned").length,
    200 - looked.length,
  );
});

Deno.test("LoginThrottle forgets the failures of a user who gets a new password", async () => {
  const former = usersOf(ALICE);
  using door = new Door({ users: former });
  for (let n = 0; n < 5; n++) {
    await door.login({ user: "alice", password: "new" });
  }
  assert.equal(await door.outcome(PASSWORDS), "banned");
  const users = usersOf(BOB.replace("bob", "alice"));
  door.loginThrottle.forget(former.changed(users));
  door.authentication = door.by({ users });
  assert.equal(await door.outcome(PASSWORDS), "alice");
});

Deno.test("LateAnswers lets so many wait, and none any more once it is closed", async () => {
  using stage = new Stage();
  const answers = new LateAnswers(stage.timers);
  let over = 0;
  const wait = () => answers.wait(1000).then(() => over++);
  const waits = Array.from({ length: 257 }, wait);
  await waits.at(-1);
  assert.equal(over, 1);
  stage.clock.advance(1020);
  await Promise.all(waits);
  const last = wait();
  answers.close();
  await last;
  assert.equal(stage.timers.size, 0);
});

Deno.test("Authentication says that it is busy where a hash cannot be worked out", async () => {
  using door = new Door({ users: usersOf(ALICE) });
  door.verifier.verify = () => Promise.reject(new Error("thread died"));
  assert.equal(await door.outcome(PASSWORDS), "busy");
  assert.equal(door.loginThrottle.counts.failures, 0);
  assert.equal(door.lines[0]!.message, "Cannot find out who a client is");
});
