import assert from "node:assert/strict";
import {
  ALICE,
  BOB,
  Stage,
  usersOf,
} from "../../../tests/support/clients/applicant.ts";
import { PasswordVerifier } from "./verifier.ts";
import type { Users } from "./users.ts";

/** Asks about passwords of these users, and notes each that was really looked at. */
function ask(users: Users, verifier: PasswordVerifier, looked: string[]) {
  return (name: string, password: string, isWanted = true) =>
    verifier.verify({
      name,
      entry: users.find(name),
      dummy: users.dummy,
      password: new TextEncoder().encode(password),
      asker: "192.0.2.7",
      wanted: () => {
        looked.push(`${name} ${password}`);
        return isWanted;
      },
    });
}

Deno.test("PasswordVerifier looks at each password, of unknown users too", async () => {
  using stage = new Stage();
  const looked: string[] = [];
  const verify = ask(usersOf(ALICE, BOB), new PasswordVerifier(stage), looked);
  assert.equal(await verify("alice", "secret"), "right");
  assert.equal(await verify("bob", "secret"), "right");
  assert.equal(await verify("alice", "other"), "wrong");
  assert.equal(await verify("nobody", "secret"), "wrong");
  assert.equal(await verify("alice", "third", false), "unwanted");
  assert.equal(looked.length, 5);
});

Deno.test("PasswordVerifier remembers right passwords for a minute, and no wrong ones", async () => {
  using stage = new Stage();
  const looked: string[] = [];
  const verifier = new PasswordVerifier(stage);
  const verify = ask(usersOf(ALICE, BOB), verifier, looked);
  for (let n = 0; n < 3; n++) {
    assert.equal(await verify("alice", "secret"), "right");
    assert.equal(await verify("alice", "wrong"), "wrong");
    assert.equal(await verify("nobody", "secret"), "wrong");
  }
  assert.equal(looked.filter((one) => one === "alice secret").length, 1);
  assert.equal(looked.length, 7);
  stage.clock.advance(61_000);
  assert.equal(await verify("alice", "secret"), "right");
  assert.equal(looked.length, 8);
});

Deno.test("PasswordVerifier forgets a password whose line has changed or gone", async () => {
  using stage = new Stage();
  const looked: string[] = [];
  const verifier = new PasswordVerifier(stage);
  const before = ask(usersOf(ALICE), verifier, looked);
  assert.equal(await before("alice", "secret"), "right");
  const others = usersOf(BOB.replace("bob", "alice"));
  assert.equal(await ask(others, verifier, looked)("alice", "secret"), "right");
  assert.equal(looked.length, 2);
  const none = ask(usersOf(BOB), verifier, looked);
  assert.equal(await none("alice", "secret"), "wrong");
});

Deno.test("PasswordVerifier works out once what a thousand ask at the same time", async () => {
  using stage = new Stage();
  const looked: string[] = [];
  const verify = ask(usersOf(ALICE), new PasswordVerifier(stage), looked);
  const asked = Array.from({ length: 1000 }, () => verify("alice", "secret"));
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(["right"]));
  assert.ok(looked.length <= 1000);
  const wrong = Array.from({ length: 100 }, () => verify("alice", "wrong"));
  assert.deepEqual(new Set(await Promise.all(wrong)), new Set(["wrong"]));
  const running = verify("alice", "a");
  const held = [
    verify("alice", "b"),
    verify("alice", "c", false),
    // One of two that ask the same still wants to know.
    verify("alice", "c"),
    verify("alice", "d", false),
  ];
  await running;
  assert.deepEqual(await Promise.all(held), [
    "wrong",
    "wrong",
    "wrong",
    "unwanted",
  ]);
});

Deno.test("PasswordVerifier is busy where too many wait", async () => {
  using stage = new Stage();
  const verify = ask(usersOf(ALICE), new PasswordVerifier(stage), []);
  const answers = await Promise.all(
    Array.from({ length: 1027 }, (_, n) => verify("alice", `wrong ${n}`)),
  );
  assert.equal(answers.filter((answer) => answer === "busy").length, 1);
  assert.equal(answers.at(-1), "busy");
  assert.equal(await verify("alice", "secret"), "right");
});
