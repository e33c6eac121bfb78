import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import { succeeds } from "../../support/programs/commands.ts";
import { Program } from "../../support/programs/program.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

const QUOTA_EXCEEDED = 0x97;
const KEPT = {
  clientId: "away",
  clean: false,
  properties: { sessionExpiryInterval: 1000 },
};
const PAYLOAD = "x".repeat(4000);

/** A disk of so many MiB, in memory. To be had with `await using`. */
class SmallDisk implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes one; `undefined` where this user may not. */
  static async make(size = 4): Promise<SmallDisk | undefined> {
    const folder = await Deno.makeTempDir();
    const args = ["-t", "tmpfs", "-o", `size=${size}m`, "tmpfs", folder];
    if (await succeeds("mount", ...args)) return new SmallDisk(folder);
    await Deno.remove(folder);
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    assert.ok(await succeeds("umount", this.folder));
    await Deno.remove(this.folder);
  }
}

const trial = await SmallDisk.make();
await trial?.[Symbol.asyncDispose]();
const can = trial !== undefined;
/** The name of a test that needs a small disk. */
const named = (name: string): string =>
  can ? name : `${name} (ignored: a file system cannot be mounted here)`;

/** The broker on such a disk, with a session that is away and wants what is published to `kept`. */
async function start(disk: SmallDisk, ballast?: string): Promise<Running> {
  const running = await Running.start(disk, ballast);
  const away = await running.connect(KEPT);
  await away.subscribe("kept", { qos: 1 });
  await away.disconnect();
  return running;
}

class Running implements AsyncDisposable {
  readonly program: Program;
  readonly port: number;
  readonly #clients: Client[] = [];

  private constructor(program: Program, port: number) {
    this.program = program;
    this.port = port;
  }

  static async start(
    { folder }: SmallDisk,
    ballast: string | undefined = "1MiB",
  ): Promise<Running> {
    const program = new Program(
      "--listen=mqtt://127.0.0.1:0",
      `--data=${folder}/data`,
      ...(ballast === "default" ? [] : [`--ballast=${ballast}`]),
    );
    return new Running(program, await program.port());
  }

  async connect(options: Parameters<typeof Client.connect>[1]) {
    const address = { hostname: "127.0.0.1", port: this.port };
    const client = await Client.connect(address, options);
    this.#clients.push(client);
    return client;
  }

  async end(): Promise<void> {
    this.program.signal("SIGTERM");
    assert.equal((await this.program.end()).status, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.program[Symbol.asyncDispose]();
  }
}

/** Publishes to `kept` until that is refused; returns how many messages were acknowledged, numbered from 0. */
async function fill(publisher: Client): Promise<number> {
  for (let n = 0; n < 5000; n++) {
    const reason = await publisher.publish("kept", `${n} ${PAYLOAD}`, {
      qos: 1,
    });
    if (reason === QUOTA_EXCEEDED) return n;
    assert.equal(reason, 0);
  }
  assert.fail("The disk is never full");
}

/** Takes so many messages, which must come in order, and acknowledges them. */
async function drain(away: Client, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const message = await away.message();
    assert.equal(Number(payloadText(message).split(" ")[0]), n);
    await away.acknowledge(message);
  }
}

/** Publishes again and again until it is let. */
async function publishSoon(publisher: Client, payload: string): Promise<void> {
  for (;;) {
    const reason = await publisher.publish("kept", payload, { qos: 1 });
    if (reason === 0) return;
    assert.equal(reason, QUOTA_EXCEEDED);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test({
  name: named(
    "full disk: nothing acknowledged is lost, and draining a client makes room",
  ),
  ignore: !can,
  async fn() {
    await using disk = (await SmallDisk.make())!;
    let acknowledged: number;
    {
      await using broker = await start(disk);
      const publisher = await broker.connect({});
      const watcher = await broker.connect({});
      await watcher.subscribe("kept", { qos: 0 });
      acknowledged = await fill(publisher);
      assert.ok(acknowledged > 100, `${acknowledged}`);
      await broker.program.line(/WARN.*The disk is full/);
      for (let n = 0; n < acknowledged; n++) await watcher.message();
      await watcher.expectNothing();
      // What needs no room passes.
      await publisher.publish("kept", "qos 0", { qos: 0 });
      assert.equal(payloadText(await watcher.message()), "qos 0");
      assert.equal(await publisher.publish("other", "", { qos: 2 }), 0x10);
      await publisher.ping();

      const old = await broker.connect({ version: 4 });
      const waits = await old.sendPublish("kept", `${acknowledged}`, {
        qos: 1,
      });
      await old.ping();
      const away = await broker.connect(KEPT);
      await drain(away, 0, acknowledged);
      await broker.program.line(/INFO.*room on the disk again/);
      await old.take("puback", waits);
      await drain(away, acknowledged, acknowledged + 1);
      await away.disconnect();
      await publishSoon(publisher, "0");
      acknowledged = 1 + await fillFrom(publisher, 1);
      await broker.end();
    }
    await using broker = await Running.start(disk);
    const away = await broker.connect(KEPT);
    assert.ok(away.connack.sessionPresent);
    await drain(away, 0, acknowledged);
    await away.expectNothing();
  },
});

/** As {@linkcode fill}, with numbers from this one on. */
async function fillFrom(publisher: Client, first: number): Promise<number> {
  let n = first;
  while (
    await publisher.publish("kept", `${n} ${PAYLOAD}`, { qos: 1 }) === 0
  ) n++;
  return n - first;
}

Deno.test({
  name: named(
    "full disk: killed on it, the broker starts again with all that it acknowledged",
  ),
  ignore: !can,
  async fn() {
    await using disk = (await SmallDisk.make())!;
    let acknowledged: number;
    {
      await using broker = await start(disk);
      acknowledged = await fill(await broker.connect({}));
      broker.program.signal("SIGKILL");
      await broker.program.end();
    }
    await using broker = await Running.start(disk);
    const away = await broker.connect(KEPT);
    await drain(away, 0, acknowledged);
    await publishSoon(await broker.connect({}), `${acknowledged}`);
    await drain(away, acknowledged, acknowledged + 1);
  },
});

Deno.test({
  name: named(
    "full disk: filled by others to the last byte, the broker waits and goes on by itself",
  ),
  ignore: !can,
  async fn() {
    await using disk = (await SmallDisk.make())!;
    await using broker = await start(disk, "0");
    const publisher = await broker.connect({});
    for (let n = 0; n < 20; n++) {
      await publisher.publish("kept", `${n} ${PAYLOAD}`, { qos: 1 });
    }
    const greedy = greed(disk);
    try {
      const id = await publisher.sendPublish("kept", "20", { qos: 1 });
      await broker.program.line(/ERROR.*cannot be written to/);
      await publisher.ping();
      assert.equal(publisher.waiting, 0, "acknowledged nevertheless");
      await greedy.stop();
      await publisher.take("puback", id);
    } finally {
      await greedy.stop();
    }
    await broker.program.line(/INFO.*room on the disk again/);
    const away = await broker.connect(KEPT);
    await drain(away, 0, 21);
  },
});

/** Takes each byte that comes free, until it is stopped. */
function greed({ folder }: SmallDisk): { stop(): Promise<void> } {
  const path = `${folder}/greedy`;
  const file = Deno.openSync(path, { create: true, append: true });
  const chunk = new Uint8Array(4096);
  const take = () => {
    try {
      for (;;) file.writeSync(chunk);
    } catch {
      // There is nothing left now.
    }
  };
  take();
  const timer = setInterval(take, 1);
  let stopped = false;
  return {
    async stop() {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      file.close();
      await Deno.remove(path);
    },
  };
}

for (const size of [15, 2]) {
  Deno.test({
    name: named(
      `full disk: one with ${size} MiB free has room for sessions by default, and fills up as any other`,
    ),
    ignore: !can,
    async fn() {
      await using disk = (await SmallDisk.make(size))!;
      await using broker = await start(disk, "default");
      const willing = await broker.connect({
        clientId: "willing",
        will: { topic: "w" },
      });
      await willing.disconnect();
      const ballast = await Deno.stat(`${disk.folder}/data/ballast`);
      assert.ok(ballast.size <= size * 1024 * 1024 / 20, `${ballast.size}`);
      const publisher = await broker.connect({});
      const acknowledged = await fill(publisher);
      await broker.program.line(/WARN.*The disk is full/);
      const refused = await Client.open({
        hostname: "127.0.0.1",
        port: broker.port,
      });
      await refused.sendConnect({ ...KEPT, clientId: "new" });
      await refused.expectRefused(QUOTA_EXCEEDED);
      await broker.program.line(
        /Connection refused .*Cannot keep the session: there is no room.*cannot be kept on the disk now/,
      );
      const away = await broker.connect(KEPT);
      await drain(away, 0, acknowledged);
      await broker.program.line(/INFO.*room on the disk again/);
      await broker.end();
    },
  });
}
