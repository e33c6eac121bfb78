import assert from "node:assert/strict";
import { runProgram } from "../../support/programs/program.ts";

async function withFolder(use: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("import shows what becomes of a configuration, and writes it once", async () => {
  await withFolder(async (folder) => {
    const conf = `${folder}/mosquitto.conf`;
    const out = `${folder}/new.toml`;
    await Deno.mkdir(`${folder}/conf.d`);
    await Deno.writeTextFile(conf, `include_dir ${folder}/conf.d\n`);
    await Deno.writeTextFile(
      `${folder}/conf.d/a.conf`,
      "listener 1883\nuser nobody\n",
    );

    const trial = await runProgram("import", conf, "--dry-run");
    assert.equal(trial.status, 0, trial.stderr);
    assert.match(trial.stdout, /a\.conf:1 +listener 1883 +taken over +url = /);
    assert.match(
      trial.stdout,
      /\n\[\[listener\]\]\nurl = "mqtt:\/\/\[::\]:1883"\n/,
    );
    assert.equal([...Deno.readDirSync(folder)].length, 2);

    const written = await runProgram("import", conf, "--out", out);
    assert.equal(written.status, 0, written.stderr);
    assert.match(written.stdout, /\nWrote .*new\.toml\n$/);
    const text = await Deno.readTextFile(out);
    assert.ok(trial.stdout.endsWith(text));

    const again = await runProgram("import", conf, "--out", out);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /^Cannot write .*: it is there already/);
  });
});

Deno.test("import says what is wrong with how it is called", async () => {
  const cases = [
    [[], /^Name the file to import/],
    [["a", "--dry-run", "--out", "b"], /^Flag --out contradicts --dry-run/],
    [["/dev/null/none"], /^Cannot read \/dev\/null\/none/],
  ] as const;
  const outcomes = await Promise.all(
    cases.map(([args]) => runProgram("import", ...args)),
  );
  for (const [at, { status, stderr }] of outcomes.entries()) {
    assert.notEqual(status, 0);
    assert.match(stderr, cases[at]![1]);
  }
});
