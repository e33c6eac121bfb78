import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import { Program, runProgram } from "../../support/programs/program.ts";

/** Runs with a configuration file in a folder of its own. */
async function withConfig(
  text: string,
  run: (file: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/mailboxqtt.toml`;
    await Deno.writeTextFile(file, text);
    await run(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A program with variables of its own. */
class ProgramWithVariables extends Program {
  protected static override readonly env = {
    MAILBOXQTT_LOG_FORMAT: "json",
    MAILBOXQTT_LOG_LEVEL: "debug",
  };
}

Deno.test("configuration: the broker listens where the file says, logs as variables do, and a flag beats both", async () => {
  const text = `
data = "none"
[[listener]]
url = "mqtt://127.0.0.1:0"
[[listener]]
url = "mqtt://127.0.0.1:0"
[log]
format = "text"
level = "error"
`;
  await withConfig(text, async (file) => {
    await using program = new ProgramWithVariables(
      "--config",
      file,
      "--log-level",
      "info",
    );
    const port = await program.port();
    await program.line(/"Configured by".*mailboxqtt\.toml/);
    const client = await Client.connect({ hostname: "127.0.0.1", port });
    await client.disconnect();
    program.signal("SIGTERM");
    assert.equal((await program.end()).status, 0);
    const lines = program.lines.filter((line) => line !== "");
    const levels = lines.map((line) => JSON.parse(line).level);
    assert.ok(!levels.some((level) => /debug/i.test(level)));
    assert.equal(
      lines.filter((line) => JSON.parse(line).message === "Listening").length,
      2,
    );
  });
});

Deno.test("configuration: the broker does not start with faults, and tells all of them", async () => {
  await withConfig("usrs = 'x'\nlog.level = 'loud'\n", async (file) => {
    const outcome = await runProgram("--config", file, "--data", "none");
    assert.equal(outcome.status, 1);
    assert.equal(outcome.stdout, "");
    assert.deepEqual(outcome.stderr.split("\n"), [
      `${file}:1:1: usrs is unknown; did you mean users?`,
      `${file}:2:13: log.level cannot be "loud"; allowed are debug, info, warn and error`,
      "",
    ]);
  });
});

Deno.test("configuration: what config reference writes is a configuration", async () => {
  const { status, stdout } = await runProgram("config", "reference");
  assert.equal(status, 0);
  await withConfig(stdout, async (file) => {
    const args = ["check", "--config", file, "--data", "none"];
    const checked = await runProgram(...args);
    assert.equal(checked.status, 0, checked.stdout);
    assert.match(checked.stdout, /would listen on mqtt:\/\/127\.0\.0\.1:1883/);
  });
});
