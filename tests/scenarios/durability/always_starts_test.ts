import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Client } from "../../support/clients/client.ts";
import { succeeds } from "../../support/programs/commands.ts";
import { Program, runProgram } from "../../support/programs/program.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

const LISTEN = ["--listen", "mqtt://127.0.0.1:0"];
const ALARM = "$SYS/broker/alarm/store";
const NOBODY = "65534";

/** Runs something with a folder of its own. */
async function withFolder(
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Ends the program in good order. */
async function stop(program: Program): Promise<void> {
  program.signal("SIGTERM");
  assert.equal((await program.end()).status, 0);
}

async function connect(program: Program): Promise<Client> {
  const address = { hostname: "127.0.0.1", port: await program.port() };
  return await Client.connect(address);
}

/** The retained alarm about the store; `undefined` where there is none. */
async function alarmOf(client: Client): Promise<string | undefined> {
  await client.subscribe(ALARM);
  // Retained messages come before this one.
  await client.subscribe("end");
  await client.publish("end", "end");
  const message = await client.message();
  if (message.topic === "end") return undefined;
  assert.equal(message.retain, true);
  assert.equal((await client.message()).topic, "end");
  return payloadText(message);
}

/** Requires that a program runs in memory, works, and says so in log and alarm. */
async function expectInMemory(program: Program, reason: RegExp) {
  await program.line(/ERROR .*in memory only.*Cannot (use|tell)/);
  const client = await connect(program);
  const alarm = await alarmOf(client);
  assert.match(
    alarm ?? "none",
    /in memory only, and lost when the broker ends .*start it again/,
  );
  assert.match(alarm!, reason);
  assert.ok(program.lines.some((line) => reason.test(line)));
  await client.disconnect();
  await stop(program);
}

function databaseIn(folder: string): DatabaseSync {
  return new DatabaseSync(`${folder}/mailboxqtt.db`);
}

Deno.test("start: without --data things are kept in $STATE_DIRECTORY, for its user's eyes only", async () => {
  await withFolder(async (folder) => {
    class Here extends Program {
      protected static override readonly env = {
        STATE_DIRECTORY: `${folder}/a/b:${folder}/c`,
      };
    }
    for (const payload of ["none", "kept"]) {
      await using program = new Here(...LISTEN);
      await program.line(new RegExp(`on the disk before.*${folder}/a/b`));
      const client = await connect(program);
      await client.subscribe("a");
      await client.publish("a", "kept", { qos: 1, retain: true });
      const message = await client.message();
      assert.equal(payloadText(message), "kept");
      assert.equal(message.retain, payload === "kept");
      await client.disconnect();
      await stop(program);
    }
    const { mode } = await Deno.stat(`${folder}/a/b`);
    assert.equal(mode! & 0o777, 0o700);
  });
});

Deno.test("start: where the folder cannot be made the broker runs in memory if told so, or not at all with --require-store", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const path of [`${folder}/file`, `${folder}/file/below`]) {
      const args = [...LISTEN, "--data", path];
      await using program = new Program(...args);
      await expectInMemory(program, new RegExp(`data folder ${path}: `));
      class Unsaid extends Program {
        protected static override readonly env = {
          MAILBOXQTT_STORE_WHEN_UNUSABLE: "",
        };
      }
      await using required = new Unsaid(...args, "--require-store");
      await using stopped = new Unsaid(...args, "--when-store-unusable=stop");
      for (const strict of [required, stopped]) {
        assert.equal((await strict.end()).status, 1);
        assert.match(
          strict.lines.join("\n"),
          /^Cannot use the data folder [^\n]*[^.\n]$/,
        );
      }
    }
  });
});

/** Runs a command with a small file system of its own in this folder. */
function mounted(
  folder: string,
  options: string,
): [string, ...string[]] {
  const script = `mount -t tmpfs -o ${options} none ${folder} && exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", script, "sh"];
}

const canMount = await succeeds(...mounted("/mnt", "ro"), "true");
const MOUNTS = canMount ? "" : " (ignored: nothing can be mounted here)";

for (
  const [what, options, reason] of [
    ["read-only", "ro", /[Rr]ead-only file system/],
    ["full", "size=16k", /(full|[Nn]o space|I\/O)/],
  ] as const
) {
  Deno.test({
    name:
      `start: on a ${what} file system the broker runs in memory if told so${MOUNTS}`,
    ignore: !canMount,
    fn: () =>
      withFolder(async (folder) => {
        class There extends Program {
          protected static override readonly wrapper = mounted(folder, options);
        }
        await using program = new There(...LISTEN, "--data", folder);
        await expectInMemory(program, reason);
        await using strict = new There(
          ...LISTEN,
          "--data",
          folder,
          "--when-store-unusable=stop",
        );
        assert.equal((await strict.end()).status, 1);
      }),
  });
}

for (
  const [what, spoil, reason] of [
    ["read-only", "mount -o remount,ro $0/disk", /[Rr]ead-only file system/],
    [
      "full",
      "cat /dev/zero > $0/disk/filler 2>/dev/null",
      /(full|[Nn]o space|I\/O)/,
    ],
  ] as const
) {
  Deno.test({
    name:
      `start: with a store on a file system that is ${what} by now the broker runs in memory if told so${MOUNTS}`,
    ignore: !canMount,
    fn: () =>
      withFolder(async (folder) => {
        const kept = `${folder}/kept`;
        {
          await using program = new Program(
            ...LISTEN,
            "--ballast=0",
            `--data=${kept}`,
          );
          const client = await connect(program);
          await client.publish("a", "kept", { qos: 1, retain: true });
          await client.disconnect();
          await stop(program);
        }
        await Deno.mkdir(`${folder}/disk`);
        const script = `mount -t tmpfs -o size=1m none $0/disk &&
          cp -r $0/kept $0/disk && { ${spoil} || true; } && exec "$@"`;
        class Spoilt extends Program {
          protected static override readonly wrapper = [
            ...["unshare", "--mount", "sh", "-c", script, folder],
          ];
        }
        await using spoilt = new Spoilt(
          ...LISTEN,
          "--ballast=0",
          `--data=${folder}/disk/kept`,
        );
        await expectInMemory(spoilt, reason);
      }),
  });
}

const AS_NOBODY = [
  "setpriv",
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  "--clear-groups",
] as const;
const canBeNobody = await succeeds(
  ...AS_NOBODY,
  Deno.execPath(),
  "eval",
  "--no-config",
  `Deno.readTextFileSync("${
    new URL("../../../main.ts", import.meta.url).pathname
  }")`,
);

Deno.test({
  name:
    `start: without permission for the folder the broker runs in memory if told so${
      canBeNobody ? "" : " (ignored: the program cannot be run as nobody here)"
    }`,
  ignore: !canBeNobody,
  fn: () =>
    withFolder(async (folder) => {
      await Deno.chmod(folder, 0o755);
      await Deno.mkdir(`${folder}/deno`);
      await Deno.chmod(`${folder}/deno`, 0o777);
      class Nobody extends Program {
        protected static override readonly wrapper = AS_NOBODY;
        protected static override readonly env = { DENO_DIR: `${folder}/deno` };
      }
      await Deno.mkdir(`${folder}/unreadable`, { mode: 0o700 });
      await Deno.mkdir(`${folder}/unwritable`, { mode: 0o755 });
      for (const name of ["unreadable", "unwritable", "missing"]) {
        const path = `${folder}/${name}`;
        await using program = new Nobody(...LISTEN, "--data", path);
        await expectInMemory(program, /[Pp]ermission denied/);
      }
    }),
});

Deno.test("start: a second broker on the same folder is refused, also with the lock file deleted, and does not run in memory", async () => {
  await withFolder(async (folder) => {
    const args = [...LISTEN, "--data", folder];
    await using first = new Program(...args);
    await first.port();
    const refusal =
      `Cannot use the data folder ${folder}: another broker uses it`;
    const second = await runProgram(...args);
    assert.equal(second.status, 1);
    assert.equal(second.stderr, `${refusal}, with process id ${first.pid}\n`);
    await Deno.remove(`${folder}/lock`);
    const third = await runProgram(...args);
    assert.equal(third.status, 1);
    assert.equal(third.stderr, `${refusal}\n`);
    const info = await runProgram("store", "info", "--data", folder);
    assert.match(info.stdout, /broker +runs\n/);
    await stop(first);
  });
});

Deno.test("start: a damaged store is kept and replaced, which log and alarm say until the next start", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/mailboxqtt.db`, "garbage".repeat(1000));
    const args = [...LISTEN, "--data", folder];
    const kept = `${folder}/mailboxqtt\\.db\\.damaged-\\d+T\\d+Z`;
    const sentence = new RegExp(
      `The store was damaged \\(file is not a database\\) and is kept as ${kept}: 0 rows could be read`,
    );
    {
      await using program = new Program(...args);
      const client = await connect(program);
      assert.match(await alarmOf(client) ?? "none", sentence);
      await program.line(sentence);
      await client.publish("a", "b", { qos: 1, retain: true });
      await client.disconnect();
      await stop(program);
    }
    await using program = new Program(...args);
    const client = await connect(program);
    assert.equal(await alarmOf(client), undefined);
    await client.disconnect();
    await stop(program);
    assert.ok(program.lines.every((line) => !/ERROR|WARN/.test(line)));
  });
});

Deno.test("start: rows that are missing after a clean end are named in log and alarm", async () => {
  await withFolder(async (folder) => {
    const args = [...LISTEN, "--data", folder];
    {
      await using program = new Program(...args);
      const client = await connect(program);
      for (const topic of ["a", "b", "c"]) {
        await client.publish(topic, "x", { qos: 1, retain: true });
      }
      await client.disconnect();
      await stop(program);
    }
    const database = databaseIn(folder);
    database.exec("DELETE FROM retained WHERE topic = 'a'");
    database.exec("UPDATE retained SET body = x'00' WHERE topic = 'b'");
    database.close();
    await using program = new Program(...args);
    const client = await connect(program);
    const alarm = await alarmOf(client);
    const lines = [
      "Rows of the store are damaged, and were set aside: 1",
      "Rows are missing that were there at the last end: 2 of retained",
    ];
    assert.equal(alarm, lines.join("\n"));
    for (const line of lines) await program.line(new RegExp(line));
    await client.disconnect();
    await stop(program);
  });
});

Deno.test("start: a newer version's store is left alone, and the alarm says how to go back", async () => {
  await withFolder(async (folder) => {
    const args = [...LISTEN, "--data", folder];
    {
      await using program = new Program(...args);
      await program.port();
      await stop(program);
    }
    const database = databaseIn(folder);
    database.exec("PRAGMA user_version = 99");
    database.close();
    const before = await Deno.readFile(`${folder}/mailboxqtt.db`);
    for (let start = 1; start <= 2; start++) {
      await using program = new Program(...args);
      const client = await connect(program);
      assert.match(
        await alarmOf(client) ?? "none",
        /^The store in .*\/mailboxqtt\.db is a newer version's \(schema 99\), .*\/mailboxqtt\.v\d+\.db: start the newer version again/,
      );
      await client.disconnect();
      await stop(program);
    }
    assert.deepEqual(await Deno.readFile(`${folder}/mailboxqtt.db`), before);
  });
});
