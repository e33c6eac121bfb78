import assert from "node:assert/strict";
import { parseRuleFile } from "./file.ts";
import { RuleSet } from "./set.ts";

function rulesOf(...lines: readonly string[]): RuleSet {
  const bytes = new TextEncoder().encode(lines.join("\n"));
  return new RuleSet(parseRuleFile(bytes, "/etc/acl"));
}

Deno.test("RuleSet takes no file with faults", () => {
  assert.throws(() => rulesOf("topic read #", "topic red #"), TypeError);
});

Deno.test("RuleSet gives all clients of a user the same rights unless rules ask for client identifiers", () => {
  const shared = rulesOf("pattern read users/%u");
  assert.equal(shared.rightsOf("a", "1"), shared.rightsOf("a", "2"));
  assert.notEqual(shared.rightsOf("a", "1"), shared.rightsOf("b", "1"));
  assert.notEqual(shared.rightsOf("a", "1"), shared.rightsOf(undefined, "1"));
  const own = rulesOf("pattern read clients/%c");
  assert.ok(own.rightsOf("a", "1").mayReceive("clients/1"));
  assert.ok(!own.rightsOf("a", "2").mayReceive("clients/1"));
});

Deno.test("RuleSet says by which file, line and rule something is allowed or not", () => {
  const rules = rulesOf(
    "topic read lobby",
    "user pump",
    "topic read plant/#",
    "topic deny plant/secret",
    "group service",
    "member anna",
    "topic deny vault",
  );
  const pump = rules.rightsOf("pump", "c1");
  assert.deepEqual(pump.decide("receive", "plant/a"), {
    allowed: true,
    rule: { file: "/etc/acl", line: 3, text: "topic read plant/#" },
    reason: '"topic read plant/#" below "user pump" (/etc/acl:3) allows it',
    brief: "The access rules allow it",
  });
  assert.deepEqual(pump.decide("publish", "plant/a"), {
    allowed: false,
    reason: 'no rule in /etc/acl for user "pump" speaks of it',
    needed: 'add "topic write plant/a" below "user pump" in /etc/acl',
    brief: "The access rules do not allow it",
  });
  assert.equal(
    pump.explain("receive", "plant/secret"),
    'user "pump" may not receive "plant/secret": "topic deny plant/secret" below "user pump" (/etc/acl:4) forbids it; ' +
      'to allow it, take away or narrow down line 4, and if nothing else allows it add "topic read plant/secret" ' +
      'below "user pump" in /etc/acl',
  );
  assert.equal(
    rules.rightsOf("anna", "c1").explain("receive", "vault"),
    'user "anna" may not receive "vault": "topic deny vault" below "group service" (/etc/acl:7) forbids it; ' +
      'to allow it, add "topic read vault" below a new line "user anna" at the end of /etc/acl',
  );
  assert.equal(
    rules.rightsOf(undefined, "c1").explain("publish", "lobby"),
    'an anonymous client may not publish to "lobby": no rule in /etc/acl for anonymous clients speaks of it; ' +
      'to allow it, add "topic write lobby" above the first user or group line of /etc/acl',
  );
  assert.equal(
    pump.explain("publish", "$SYS/broker"),
    'user "pump" may not publish to "$SYS/broker": topics below $SYS, $CONTROL and $share are the broker\'s own',
  );
  assert.match(
    pump.explain("subscribe", "#"),
    /^user "pump" may subscribe to "#": .*\(\/etc\/acl:3\) allows it; of what it matches that is delivered which may be/,
  );
});

Deno.test("what RuleSet says is needed makes it so", () => {
  const lines = [
    "topic read lobby",
    "user pump",
    "topic deny plant/secret",
    "group service",
    "member anna",
    "topic deny vault",
    "pattern deny state/%c",
    "pattern read state/#",
  ];
  const cases = [
    ["pump", "publish", "plant/a", "topic write plant/a", 2],
    ["pump", "receive", "state/c1", "topic read state/c1", 2],
    ["anna", "receive", "vault", "topic read vault", undefined],
    [undefined, "subscribe", "a/#", "topic read a/#", 0],
  ] as const;
  for (const [user, action, topic, line, at] of cases) {
    const before = rulesOf(...lines).rightsOf(user, "c1");
    const { allowed, needed = "" } = before.decide(action, topic);
    assert.ok(!allowed);
    assert.ok(needed.startsWith(`add "${line}" `), needed);
    const more = at === undefined
      ? [...lines, `user ${user}`, line]
      : lines.toSpliced(at, 0, line);
    const after = rulesOf(...more).rightsOf(user, "c1");
    assert.ok(after.decide(action, topic).allowed, needed);
  }
});

Deno.test("RuleSet says that patterns do not hold because of an odd name", () => {
  const rules = rulesOf("pattern read devices/%c/#");
  assert.match(
    rules.rightsOf("pump", "a/b").explain("receive", "devices/a/b"),
    /; patterns with that name do not hold, since the client identifier has a \/ in it; to allow it, add/,
  );
  const closed = rulesOf("pattern read vault/#", "pattern deny vault/%u");
  assert.match(
    closed.rightsOf("a+", "c1").explain("receive", "vault/a"),
    /; patterns allow nothing here, since what "pattern deny vault\/%u" \(\/etc\/acl:2\) forbids cannot be told: the user's name has a \+ in it;/,
  );
});

Deno.test("what clients are told shows no rule and no other name", () => {
  const rules = rulesOf("user secretary", "topic deny plans/#", "topic read #");
  for (const user of ["secretary", "pump", undefined]) {
    for (const action of ["publish", "receive", "subscribe"] as const) {
      const { brief } = rules.rightsOf(user, "c1").decide(action, "plans/a");
      assert.match(brief, /^The access rules (do not )?allow it$/);
    }
  }
});

Deno.test("names and topics stay on one line in what RuleSet says", () => {
  const rights = rulesOf("").rightsOf("a\nb", "c");
  const text = rights.explain("publish", `x\ny${"z".repeat(1000)}`);
  assert.ok(!text.includes("\n") && text.length < 800, text);
});
