import assert from "node:assert/strict";
import { Stage } from "../../../tests/support/clients/applicant.ts";
import { type Claim, LoginThrottle } from "./login_throttle.ts";
import { FailureTable } from "./failure_table.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const PUMP: Claim = { address: "192.0.2.7", clientId: "p1", user: "pump" };
const FAR = "198.51.100.9";

function fail(
  loginThrottle: LoginThrottle,
  claim: Claim,
  count: number,
): number[] {
  return Array.from({ length: count }, () => loginThrottle.failed(claim));
}

/** Failures from one address of so many users that none of them is banned for its own. */
function spray(
  loginThrottle: LoginThrottle,
  address: string,
  count: number,
  from = 0,
): void {
  for (let n = from; n < from + count; n++) {
    loginThrottle.failed({ address, clientId: "x", user: `guess ${n}` });
  }
}

Deno.test("LoginThrottle answers later and later, then bans a user at an address for longer and longer", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  const bans: number[] = [];
  for (let ban = 0; ban < 7; ban++) {
    assert.deepEqual(fail(loginThrottle, PUMP, 5), [0, 250, 500, 1000, 2000]);
    bans.push(loginThrottle.bannedFor(PUMP) / SECOND);
    stage.clock.advance(loginThrottle.bannedFor(PUMP) - 1);
    assert.equal(loginThrottle.bannedFor(PUMP), 1);
    stage.clock.advance(1);
    assert.equal(loginThrottle.bannedFor(PUMP), 0);
  }
  assert.deepEqual(bans, [30, 60, 120, 240, 480, 900, 900]);
  stage.clock.advance(61 * MINUTE);
  fail(loginThrottle, PUMP, 5);
  assert.equal(loginThrottle.bannedFor(PUMP), 30 * SECOND);
});

Deno.test("LoginThrottle forgets failures after a while, and with a success", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  fail(loginThrottle, PUMP, 4);
  stage.clock.advance(11 * MINUTE);
  fail(loginThrottle, PUMP, 4);
  loginThrottle.succeeded(PUMP);
  fail(loginThrottle, PUMP, 4);
  assert.equal(loginThrottle.bannedFor(PUMP), 0);
});

Deno.test("LoginThrottle bans nobody beside a device with a wrong password", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  // It tries every second, for a day.
  for (let n = 0; n < 24 * 60 * 60; n++) {
    if (loginThrottle.bannedFor(PUMP) === 0) loginThrottle.failed(PUMP);
    stage.clock.advance(SECOND);
    assert.equal(loginThrottle.bannedFor({ ...PUMP, user: "fan" }), 0);
  }
  fail(loginThrottle, PUMP, 5);
  assert.ok(loginThrottle.bannedFor(PUMP) > 0);
  assert.ok(loginThrottle.bannedFor({ ...PUMP, clientId: "other" }) > 0);
  assert.equal(loginThrottle.bannedFor({ ...PUMP, user: "fan" }), 0);
  assert.equal(loginThrottle.bannedFor({ ...PUMP, address: FAR }), 0);
});

Deno.test("LoginThrottle bans an address that tries many users, but nobody there who has shown the right password", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  loginThrottle.succeeded(PUMP);
  spray(loginThrottle, PUMP.address, 30);
  assert.equal(loginThrottle.bannedFor({ ...PUMP, user: "fan" }), MINUTE);
  assert.equal(
    loginThrottle.bannedFor({ ...PUMP, clientId: "guesser" }),
    MINUTE,
  );
  assert.equal(loginThrottle.bannedFor(PUMP), 0);
  assert.equal(loginThrottle.bannedFor({ ...PUMP, address: FAR }), 0);
  // Nobody who has not can stay locked out by it: it ends, whatever is tried meanwhile.
  stage.clock.advance(MINUTE);
  assert.equal(loginThrottle.bannedFor({ ...PUMP, user: "fan" }), 0);
});

Deno.test("LoginThrottle counts the addresses of one IPv6 network as one", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  for (let n = 0; n < 5; n++) {
    loginThrottle.failed({ ...PUMP, address: `2001:db8::${n}` });
  }
  assert.ok(
    loginThrottle.bannedFor({ ...PUMP, address: "2001:db8::ffff" }) > 0,
  );
  assert.equal(
    loginThrottle.bannedFor({ ...PUMP, address: "2001:db8:0:1::1" }),
    0,
  );
});

Deno.test("LoginThrottle bans guesses from many addresses at one user, but not where that user has been before", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  loginThrottle.succeeded(PUMP);
  for (let n = 0; n < 50; n++) {
    loginThrottle.failed({
      ...PUMP,
      address: `198.51.100.${n}`,
      clientId: "x",
    });
  }
  const elsewhere = { ...PUMP, address: "203.0.113.1" };
  assert.equal(loginThrottle.bannedFor(elsewhere), 30 * SECOND);
  assert.equal(loginThrottle.bannedFor({ ...elsewhere, user: "fan" }), 0);
  assert.equal(loginThrottle.bannedFor(PUMP), 0);
  assert.equal(stage.lines.length, 1);
  assert.equal(stage.lines[0]!.user, "pump");
});

Deno.test("LoginThrottle does not let guesses behind the same address lock out a client that was let in", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  loginThrottle.succeeded(PUMP);
  const guesser = { ...PUMP, clientId: "guesser" };
  for (let n = 0; n < 20; n++) {
    fail(loginThrottle, guesser, 5);
    assert.ok(loginThrottle.bannedFor(guesser) > 0);
    assert.equal(loginThrottle.bannedFor(PUMP), 0);
    // Its own success is no reason to let the guesser go on.
    loginThrottle.succeeded(PUMP);
    assert.ok(loginThrottle.bannedFor(guesser) > 0);
    stage.clock.advance(loginThrottle.bannedFor(guesser));
  }
  // Who guesses its client identifier too is banned, and the client with it, for a while.
  fail(loginThrottle, PUMP, 5);
  assert.equal(loginThrottle.bannedFor(PUMP), 30 * SECOND);
  stage.clock.advance(7 * 24 * 60 * MINUTE);
  assert.equal(loginThrottle.bannedFor(PUMP), 0);
});

Deno.test("LoginThrottle does not let who has one account guess at another", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  const own = { address: FAR, clientId: "me", user: "own" };
  for (let n = 0; n < 6; n++) {
    spray(loginThrottle, FAR, 4, n * 4);
    loginThrottle.failed({ ...own, user: `a ${n}` });
    loginThrottle.succeeded(own);
    loginThrottle.succeeded({ ...own, clientId: `c ${n}` });
  }
  assert.ok(loginThrottle.bannedFor({ ...own, user: "fan" }) > 0);
});

Deno.test("LoginThrottle is less strict with this machine", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  for (const address of ["127.0.0.1", "local"]) {
    const local = { ...PUMP, address };
    fail(loginThrottle, local, 49);
    spray(loginThrottle, address, 500);
    assert.equal(loginThrottle.bannedFor(local), 0);
    fail(loginThrottle, local, 1);
    assert.equal(loginThrottle.bannedFor(local), 10 * SECOND);
    assert.equal(loginThrottle.bannedFor({ ...local, user: "fan" }), 0);
  }
});

Deno.test("LoginThrottle forgets what a user did wrong whose password is new", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  const fan = { ...PUMP, user: "fan" };
  for (const claim of [PUMP, fan]) fail(loginThrottle, claim, 5);
  loginThrottle.forget(["pump", "nobody"]);
  assert.equal(loginThrottle.bannedFor(PUMP), 0);
  assert.ok(loginThrottle.bannedFor(fan) > 0);
});

Deno.test("LoginThrottle counts, and tells each ban once", () => {
  using stage = new Stage();
  const loginThrottle = new LoginThrottle(stage);
  const name = "x".repeat(60_000);
  fail(loginThrottle, { ...PUMP, user: name }, 5);
  for (let n = 0; n < 3; n++) loginThrottle.refused();
  assert.deepEqual(loginThrottle.counts, { failures: 5, bans: 1, refused: 3 });
  assert.equal(stage.lines.length, 1);
  const { message, address, user, seconds } = stage.lines[0]!;
  assert.equal(message, "Refusing logins after failures");
  assert.deepEqual([address, seconds], [PUMP.address, 30]);
  assert.ok(String(user).length < 110);
});

Deno.test("FailureTable is bounded, and forgets bans that are in force last of all", () => {
  const table = new FailureTable({
    failures: 2,
    firstBan: MINUTE,
    longestBan: MINUTE,
  });
  for (let n = 0; n < 2; n++) table.fail("banned", "", 0);
  for (let n = 0; n < 10_000; n++) table.fail(`other ${n}`, "", 1);
  assert.equal(table.size, 4096);
  assert.ok(table.bannedFor("banned", 1) > 0);
  for (let n = 0; n < 10_000; n++) {
    for (let m = 0; m < 2; m++) table.fail(`more ${n}`, "", 2);
  }
  assert.equal(table.size, 4096);
});
