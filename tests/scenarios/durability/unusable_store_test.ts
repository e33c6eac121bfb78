/** A data folder that cannot be used when the broker starts, and can later. */

import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { canMount, succeeds } from "../../support/programs/commands.ts";
import { Program } from "../../support/programs/program.ts";

const REFUSING = [
  "--listen=mqtt://127.0.0.1:0",
  "--when-store-unusable=refuse",
];
const ALARM = "$SYS/broker/alarm/store";
const QUOTA_EXCEEDED = 0x97;
const SERVER_UNAVAILABLE = 0x88;
const ADMINISTRATIVE = 0x98;
const KEPT = {
  clientId: "away",
  clean: false,
  properties: { sessionExpiryInterval: 1000 },
};

/** Connects clients to a program, and closes them all in the end. */
class Clients implements AsyncDisposable {
  readonly #program: Program;
  readonly #clients: Client[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  async connect(
    options?: Parameters<typeof Client.connect>[1],
  ): Promise<Client> {
    const client = await Client.connect(await this.#address(), options);
    this.#clients.push(client);
    return client;
  }

  /** Requires that CONNECT is refused with this code. */
  async refused(
    code: number,
    options: NonNullable<Parameters<typeof Client.connect>[1]>,
  ): Promise<void> {
    const client = await Client.open(await this.#address(), options.version);
    await client.sendConnect(options);
    await client.expectRefused(code);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #address() {
    return { hostname: "127.0.0.1", port: await this.#program.port() };
  }
}

/** Has the first fsync of each thread fail. */
const FAILING_ONCE = [
  "strace",
  ..."-D -f -qq -o /dev/null -e trace=fsync -e signal=none".split(" "),
  ..."-e inject=fsync:error=EIO:when=1".split(" "),
] as const;

const canTrace = await succeeds(...FAILING_ONCE, "true");
const canLimit = await succeeds("prlimit", "--version");

async function kill(program: Program): Promise<void> {
  program.signal("SIGKILL");
  await program.end();
}

/** Requires that what must be kept is not accepted, and what need not be is. */
async function expectRefusing(clients: Clients): Promise<Client> {
  await clients.refused(SERVER_UNAVAILABLE, { ...KEPT, clientId: "new" });
  await clients.refused(3, { clientId: "old", clean: false, version: 4 });
  await clients.refused(SERVER_UNAVAILABLE, { will: { topic: "w" } });
  const live = await clients.connect();
  await live.subscribe(ALARM);
  const alarm = await live.message();
  assert.match(
    payloadText(alarm),
    /^The store cannot be opened, .*mend the folder.*: cannot use the data folder/,
  );
  await live.subscribe("live/#", { qos: 1 });
  await live.publish("live/a", "at most once");
  assert.equal(payloadText(await live.message()), "at most once");
  const retain = { qos: 1, retain: true } as const;
  const id = await live.sendPublish("r", "no", retain);
  const { reasonCode, properties } = await live.take("puback", id);
  assert.equal(reasonCode, QUOTA_EXCEEDED);
  assert.match(properties.reasonString!, /the store is not open yet/);
  return live;
}

Deno.test("unusable folder: what must be kept is refused or waits until the folder can be used, and is kept then", async () => {
  const folder = await Deno.makeTempDir();
  const data = `${folder}/file/data`;
  await Deno.writeTextFile(`${folder}/file`, "");
  {
    await using program = new Program(...REFUSING, `--data=${data}`);
    await program.line(/ERROR The store cannot be opened.*not a directory/i);
    await using clients = new Clients(program);
    const live = await expectRefusing(clients);
    // Nothing can be there that waits for it.
    assert.equal(await live.publish("live/a", "once", { qos: 1 }), 0);
    assert.equal(payloadText(await live.message()), "once");
    const old = await clients.connect({ version: 4 });
    const waits = await old.sendPublish("r", "kept", { qos: 1, retain: true });
    await old.ping();

    await Deno.remove(`${folder}/file`);
    await program.line(/INFO .*The store is open/);
    await old.take("puback", waits);
    assert.equal(payloadText(await live.message()), "", "the alarm is over");
    const away = await clients.connect(KEPT);
    await away.subscribe("q", { qos: 1 });
    await away.disconnect();
    assert.equal(await live.publish("q", "owed", { qos: 1 }), 0);
    await kill(program);
  }
  await using program = new Program(...REFUSING, `--data=${data}`);
  await using clients = new Clients(program);
  const away = await clients.connect(KEPT);
  assert.ok(away.connack.sessionPresent);
  assert.equal(payloadText(await away.message()), "owed");
  await away.subscribe("r");
  assert.equal(payloadText(await away.message()), "kept");
  await kill(program);
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name:
    `unusable folder: one passing error of the disk at the first start costs no acknowledged message${
      canLimit ? "" : " (ignored: there is no prlimit here)"
    }`,
  ignore: !canLimit,
  async fn() {
    class Limited extends Program {
      protected static override readonly wrapper = [
        ...["sh", "-c", 'trap "" XFSZ; ulimit -S -f 0; exec "$@"', "sh"],
      ];
    }
    const folder = await Deno.makeTempDir();
    {
      await using program = new Limited(...REFUSING, `--data=${folder}`);
      await program.line(/ERROR The store cannot be opened/);
      await using clients = new Clients(program);
      await expectRefusing(clients);
      const limit = `--fsize=unlimited:unlimited`;
      assert.ok(await succeeds("prlimit", `--pid=${program.pid}`, limit));
      await program.line(/INFO .*The store is open/);
      const away = await clients.connect(KEPT);
      await away.subscribe("q", { qos: 1 });
      await away.publish("q", "owed", { qos: 1 });
      await kill(program);
    }
    await using program = new Program(...REFUSING, `--data=${folder}`);
    await using clients = new Clients(program);
    const away = await clients.connect(KEPT);
    assert.equal(payloadText(await away.message()), "owed");
    await kill(program);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name:
    `unusable folder: an error of the disk that passes at once is tried again before anybody hears of it${
      canTrace ? "" : " (ignored: strace cannot trace here)"
    }`,
  ignore: !canTrace,
  async fn() {
    class Traced extends Program {
      protected static override readonly wrapper = FAILING_ONCE;
    }
    const folder = await Deno.makeTempDir();
    await using program = new Traced(...REFUSING, `--data=${folder}`);
    await using clients = new Clients(program);
    const away = await clients.connect(KEPT);
    await away.subscribe("q", { qos: 1 });
    assert.equal(await away.publish("q", "kept", { qos: 1 }), 0);
    assert.ok(!program.lines.some((line) => line.includes("ERROR")));
    await kill(program);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name:
    `unusable folder: a store that could not be read is taken over when it can be${
      canMount ? "" : " (ignored: nothing can be mounted here)"
    }`,
  ignore: !canMount,
  async fn() {
    const folder = await Deno.makeTempDir();
    const data = `--data=${folder}/data`;
    {
      await using program = new Program(...REFUSING, data);
      await using clients = new Clients(program);
      const away = await clients.connect(KEPT);
      await away.subscribe("live/#", { qos: 1 });
      await away.disconnect();
      await clients.connect({ ...KEPT, clientId: "twice" });
      const member = await clients.connect({ ...KEPT, clientId: "member" });
      await member.subscribe("$share/g/s", { qos: 1 });
      await member.disconnect();
      const publisher = await clients.connect();
      for (const topic of ["live/1", "live/2", "s"]) {
        await publisher.publish(topic, topic, { qos: 1 });
      }
      const retain = { qos: 1, retain: true } as const;
      await publisher.publish("state", "retained", retain);
      await kill(program);
    }
    const script =
      'mount --bind $0 $0 && mount -o remount,ro,bind $0 && exec "$@"';
    class ReadOnly extends Program {
      protected static override readonly wrapper = [
        ...["unshare", "--mount", "sh", "-c", script, folder],
      ];
    }
    await using program = new ReadOnly(...REFUSING, data);
    await program.line(/ERROR The store cannot be opened.*Read-only file/i);
    await using clients = new Clients(program);
    const live = await expectRefusing(clients);
    // It may be owed to a session that nobody could read.
    assert.equal(
      await live.publish("live/3", "3", { qos: 1 }),
      QUOTA_EXCEEDED,
    );
    await clients.refused(SERVER_UNAVAILABLE, { clean: false });
    await live.subscribe("state");
    const twice = await clients.connect({ clientId: "twice" });
    const member = await clients.connect();
    await member.subscribe("$share/g/s", { qos: 1 });
    const old = await clients.connect({ version: 4 });
    const waits = await old.sendPublish("live/4", "live/4", { qos: 1 });
    await old.ping();

    const mount = ["mount", "-o", "remount,rw,bind", folder];
    const inside = [`--target=${program.pid}`, "--mount", ...mount];
    assert.ok(await succeeds("nsenter", ...inside));
    await program.line(/INFO .*The store is open/);
    await program.line(/INFO .*Going on with what the store held/);
    await old.take("puback", waits);
    await twice.expectClosed(ADMINISTRATIVE);
    await member.expectClosed(ADMINISTRATIVE);
    const heard = new Map<string, string>();
    for (const message of await live.messages(3)) {
      heard.set(message.topic, payloadText(message));
    }
    assert.deepEqual(
      [...heard].sort(),
      [[ALARM, ""], ["live/4", "live/4"], ["state", "retained"]],
    );
    const away = await clients.connect(KEPT);
    assert.ok(away.connack.sessionPresent);
    for (const payload of ["live/1", "live/2", "live/4"]) {
      assert.equal(payloadText(await away.message()), payload);
    }
    const again = await clients.connect({ ...KEPT, clientId: "member" });
    assert.equal(payloadText(await again.message()), "s");
    const third = await clients.connect({ ...KEPT, clientId: "twice" });
    assert.ok(third.connack.sessionPresent);
    await kill(program);
    await Deno.remove(folder, { recursive: true });
  },
});
