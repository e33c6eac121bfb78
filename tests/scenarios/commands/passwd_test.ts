import assert from "node:assert/strict";
import { scramVerdict } from "../../support/clients/applicant.ts";
import {
  ALICE,
  applicant,
  BOB,
  Stage,
  verdictOf,
} from "../../support/clients/applicant.ts";
import {
  type Outcome,
  runProgram,
  runWith,
} from "../../support/programs/program.ts";
import { Authentication } from "../../../src/auth/authentication.ts";
import { LoginThrottle } from "../../../src/auth/throttle/login_throttle.ts";
import { LateAnswers } from "../../../src/auth/methods/late_answers.ts";
import { parsePasswordFile } from "../../../src/auth/passwords/file.ts";
import { PasswordVerifier } from "../../../src/auth/passwords/verifier.ts";
import { Users } from "../../../src/auth/passwords/users.ts";

/** A password file's path for the length of a test. */
async function withFile(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(`${folder}/users`);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.ok(left.every((name) => !name.endsWith(".new")), left.join());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function passwd(...args: string[]): Promise<Outcome> {
  return runProgram("passwd", ...args);
}

/** Runs it with a password on standard input. */
function batch(password: string, ...args: string[]): Promise<Outcome> {
  return runWith({ input: password }, "passwd", ...args, "--batch");
}

function ok({ stdout, stderr, status }: Outcome, said: RegExp): void {
  assert.equal(stderr, "");
  assert.match(stdout, said);
  assert.equal(status, 0);
}

/** Requires that it refused with one sentence, and showed no password. */
function refused(outcome: Outcome, status: number, sentence: RegExp): void {
  assert.match(outcome.stderr, sentence);
  assert.match(outcome.stderr, /^[A-Z][^\n]*[^.\n]\n$/);
  assert.doesNotMatch(outcome.stderr, /hunter2/);
  assert.equal(outcome.stdout, "");
  assert.equal(outcome.status, status);
}

/** Whether a user of this file may come in with a password, and with SCRAM-SHA-256. */
async function lets(
  path: string,
  user: string,
  password: string,
): Promise<[boolean, boolean]> {
  using stage = new Stage();
  const authentication = new Authentication(
    {
      users: new Users(parsePasswordFile(await Deno.readFile(path))),
      anonymous: false,
    },
    {
      verifier: new PasswordVerifier(stage),
      loginThrottle: new LoginThrottle(stage),
      lateAnswers: new LateAnswers(stage.timers),
      log: stage.log,
    },
  );
  const plain = await verdictOf(
    authentication.begin(
      applicant({ user, password, address: "local" }),
      undefined,
    ),
  );
  const scram = await scramVerdict(
    authentication.begin(applicant(), "SCRAM-SHA-256"),
    user,
    password,
  );
  return ["user" in plain, "user" in scram];
}

Deno.test("passwd: makes a file for its owner's eyes, and adds and changes users in it", async () => {
  await withFile(async (path) => {
    ok(await batch("hunter2\n", path, "pump"), /^Added pump to /);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.doesNotMatch(await Deno.readTextFile(path), /hunter2/);
    assert.deepEqual(await lets(path, "pump", "hunter2"), [true, true]);
    assert.deepEqual(await lets(path, "pump", "hunter3"), [false, false]);
    ok(await batch("Grüße 2", path, "pump"), /^Changed the password of pump/);
    assert.deepEqual(await lets(path, "pump", "hunter2"), [false, false]);
    assert.deepEqual(await lets(path, "pump", "Grüße 2"), [true, true]);
    ok(await batch("hunter2", path, "fan", "--no-scram"), /^Added fan/);
    assert.deepEqual(await lets(path, "fan", "hunter2"), [true, false]);
    ok(
      await passwd(path, "--list"),
      /^pump {2}\(scrypt, SCRAM-SHA-256\)\nfan {2}\(scrypt\)\n$/,
    );
    ok(await passwd(path, "pump", "--delete"), /^Removed pump from /);
    ok(await passwd(path, "--list"), /^fan {2}\(scrypt\)\n$/);
  });
});

Deno.test("passwd: keeps a file's mode, comments and mosquitto's lines, and goes through links", async () => {
  await withFile(async (path) => {
    const text = `# ours\n\n${ALICE}\n${BOB}\n`;
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, 0o640);
    const link = `${path}.link`;
    await Deno.symlink(path, link);
    ok(await batch("hunter2", link, "pump"), /^Added/);
    const { mode } = await Deno.stat(path);
    assert.equal(mode! & 0o777, 0o640);
    assert.ok((await Deno.lstat(link)).isSymlink);
    assert.ok((await Deno.readTextFile(path)).startsWith(text));
    assert.deepEqual(await lets(path, "alice", "secret"), [true, false]);
    ok(await passwd(path, "pump", "--delete"), /^Removed/);
    assert.equal(await Deno.readTextFile(path), text);
  });
});

Deno.test("passwd: puts a hash in the place of a password in the clear", async () => {
  await withFile(async (path) => {
    await Deno.writeTextFile(path, "pump:hunter2\nfan:hunter2\n");
    const outcome = await batch("hunter2", path, "pump");
    assert.match(
      outcome.stderr,
      /users:2:5: a password in the clear [^\n]*\n$/,
    );
    assert.doesNotMatch(outcome.stderr, /hunter2/);
    assert.equal(outcome.status, 0);
    assert.deepEqual(await lets(path, "pump", "hunter2"), [true, true]);
    assert.deepEqual(await lets(path, "fan", "hunter2"), [false, false]);
    const { status, stderr } = await passwd(path, "--list");
    assert.equal(status, 1);
    assert.match(stderr, /users:2:5: a password in the clear/);
  });
});

Deno.test("passwd: refuses what it cannot do, and leaves the file as it is", async () => {
  await withFile(async (path) => {
    const text = `${ALICE}\nhunter2 without a colon\n`;
    await Deno.writeTextFile(path, text);
    const faulty = await batch("x", path, "pump");
    assert.match(
      faulty.stderr,
      /users:2:1: there is no colon[^\n]*\nCannot change [^\n]*\n$/,
    );
    assert.equal(faulty.status, 1);
    assert.equal(await Deno.readTextFile(path), text);
    await Deno.writeTextFile(path, `${ALICE}\n`);

    const cases: readonly (readonly [
      outcome: Promise<Outcome>,
      status: number,
      sentence: RegExp,
    ])[] = [
      [passwd(), 2, /^Name the file and the user/],
      [passwd(path), 2, /^Name the file and the user/],
      [passwd(path, "pump", "hunter2"), 2, /never given as one/],
      [passwd(path, "pump"), 2, /standard input is no terminal/],
      [batch("hunter2", path, "a:b"), 2, /Cannot use "a:b".*colon/],
      [batch("hunter2", path, "#a"), 2, /begins with #/],
      [batch("hunter2", path, ""), 2, /it is empty/],
      [batch("", path, "pump"), 1, /Cannot set the password: it is empty/],
      [batch("hunter2\nx", path, "pump"), 1, /more than one line/],
      [batch("x".repeat(65_536), path, "pump"), 1, /longer than 65535/],
      [batch("x", "/nowhere/users", "pump"), 1, /Cannot write \/nowhere/],
      [passwd(path, "alicia", "--delete"), 1, /did you mean alice\?/],
      [passwd(path, "alice", "--delete", "--batch"), 2, /stands alone/],
      [passwd(path, "alice", "--list"), 2, /takes the file alone/],
      [passwd("/nowhere/users", "--list"), 1, /Cannot read \/nowhere/],
      [passwd("/nowhere/users", "a", "--delete"), 1, /Cannot read \/nowhere/],
    ];
    for (const [outcome, status, sentence] of cases) {
      refused(await outcome, status, sentence);
    }
    assert.equal(await Deno.readTextFile(path), `${ALICE}\n`);
    await Deno.writeTextFile(`${path}.new`, "");
    refused(await batch("hunter2", path, "pump"), 1, /remove .*users\.new$/m);
    await Deno.remove(`${path}.new`);
  });
});

Deno.test("passwd: loses nobody who is added at the same time", async () => {
  await withFile(async (path) => {
    const names = ["a", "b", "c"];
    const outcomes = await Promise.all(
      names.map((name) => batch("x", path, name)),
    );
    const added = names.filter((_, at) => outcomes[at]!.status === 0);
    assert.ok(added.length > 0);
    const { entries } = parsePasswordFile(await Deno.readFile(path));
    assert.deepEqual([...entries.keys()].sort(), added);
  });
});

Deno.test("passwd: asks for the password twice on a terminal", async () => {
  await withFile(async (path) => {
    const type = (first: string, second: string) =>
      runWith(
        { input: `${first}\n${second}\n`, terminal: true },
        ...["passwd", path, "pump"],
      );
    const different = await type("hunter2", "hunter3");
    assert.match(different.stdout, /New password of pump:/);
    assert.match(different.stdout, /Cannot set the password: what was typed/);
    assert.equal(different.status, 1);
    const same = await type("hunter2", "hunter2");
    assert.match(same.stdout, /Added pump/);
    assert.equal(same.status, 0);
    assert.deepEqual(await lets(path, "pump", "hunter2"), [true, true]);
  });
});
