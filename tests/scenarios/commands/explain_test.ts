import assert from "node:assert/strict";
import { runProgram } from "../../support/programs/program.ts";

async function withRules(
  text: string,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("explain says by which rule something is allowed, or what is needed", async () => {
  await withRules("user pump\ntopic read plant/#\n", async (path) => {
    const ask = [
      "explain",
      "--rules",
      path,
      "--user",
      "pump",
      "--client",
      "c1",
    ];
    const [yes, no] = await Promise.all([
      runProgram(...ask, "--ip", "192.0.2.7", "receive", "plant/a"),
      runProgram(...ask, "publish", "plant/a"),
    ]);
    assert.equal(yes.status, 0, yes.stderr);
    assert.equal(
      yes.stdout,
      `Allowed: user "pump" may receive "plant/a": "topic read plant/#" below "user pump" (${path}:2) allows it\n`,
    );
    assert.equal(no.status, 1, no.stderr);
    assert.match(
      no.stdout,
      /^Refused: .*; to allow it, add "topic write plant\/a" below "user pump" in .*\n$/,
    );
  });
});

Deno.test("explain names the faults of a file, and opens nothing", async () => {
  await withRules("user pump\ntopic raed #\n", async (path) => {
    const outcome = await runProgram(
      ...["explain", "--rules", path, "--client", "c1", "publish", "a"],
    );
    assert.equal(outcome.status, 1);
    assert.equal(outcome.stdout, "");
    assert.equal(
      outcome.stderr,
      `Cannot use the rules in ${path}:\n${path}:2:7: "raed" is not read, write, readwrite or deny; did you mean read?\n`,
    );
  });
});

Deno.test("explain says what is missing or wrong in how it is called", async () => {
  const cases = [
    [["publish"], /^Say what is to be done with which topic/],
    [["publsh", "a", "--client", "c"], /did you mean publish\?/],
    [["publish", "a"], /^Flag --client is missing/],
  ] as const;
  const outcomes = await Promise.all(
    cases.map(([args]) => runProgram("explain", ...args)),
  );
  for (const [at, { status, stderr }] of outcomes.entries()) {
    assert.equal(status, 2);
    assert.match(stderr, cases[at]![1]);
  }
});
