/** A data folder that is removed, or whose file system goes away, while the broker runs. */

import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { canMount, succeeds } from "../../support/programs/commands.ts";
import { Program } from "../../support/programs/program.ts";

const LISTEN = "--listen=mqtt://127.0.0.1:0";
const ALARM = "$SYS/broker/alarm/store";
const QUOTA_EXCEEDED = 0x97;
const KEPT = {
  clientId: "away",
  clean: false,
  properties: { sessionExpiryInterval: 1000 },
};
const RETAIN = { qos: 1, retain: true } as const;

/** A broker whose folder disappears. */
class Stage implements AsyncDisposable {
  readonly folder: string;
  readonly data: string;
  readonly #clients: Client[] = [];
  program!: Program;

  private constructor(folder: string) {
    this.folder = folder;
    this.data = `${folder}/disk/data`;
  }

  static async make(): Promise<Stage> {
    const stage = new Stage(await Deno.makeTempDir());
    await Deno.mkdir(`${stage.folder}/disk`);
    return stage;
  }

  start(Kind: typeof Program = Program): void {
    this.program = new Kind(LISTEN, `--data=${this.data}`);
  }

  async connect(
    options?: Parameters<typeof Client.connect>[1],
  ): Promise<Client> {
    const address = { hostname: "127.0.0.1", port: await this.program.port() };
    const client = await Client.connect(address, options);
    this.#clients.push(client);
    return client;
  }

  /** Leaves something of each kind in the store; returns a client that watches the alarm. */
  async fill(): Promise<Client> {
    const away = await this.connect(KEPT);
    await away.subscribe("q", { qos: 1 });
    await away.disconnect();
    const client = await this.connect();
    for (let n = 0; n < 3; n++) await client.publish("q", `${n}`, { qos: 1 });
    await client.publish("r/before", "before", RETAIN);
    await client.subscribe(ALARM);
    return client;
  }

  /** Publishes one more message, which is acknowledged once the folder is there again. */
  async publishMore(client: Client): Promise<void> {
    const id = await client.sendPublish("q", "3", { qos: 1 });
    assert.match(
      payloadText(await client.message()),
      /^The disk cannot be written to: .*(removed|replaced) while it was in use/,
    );
    await client.take("puback", id);
    assert.equal(payloadText(await client.message()), "", "the alarm is over");
    await this.program.line(/made anew with \d+ rows: nothing is missing/);
  }

  async kill(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.program.signal("SIGKILL");
    await this.program.end();
    await this.program[Symbol.asyncDispose]();
  }

  /** Requires that a new broker has all that was kept. */
  async expectKept(messages: number): Promise<void> {
    this.start();
    const away = await this.connect(KEPT);
    assert.ok(away.connack.sessionPresent);
    for (let n = 0; n < messages; n++) {
      assert.equal(payloadText(await away.message()), `${n}`);
    }
    await away.subscribe("r/#");
    assert.equal(payloadText(await away.message()), "before");
    await away.expectNothing();
    await this.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.program[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("removed folder: it is noticed at the next commit and made anew, and nothing acknowledged is lost", async () => {
  await using stage = await Stage.make();
  stage.start();
  const client = await stage.fill();
  await Deno.remove(stage.data, { recursive: true });
  await stage.publishMore(client);
  await stage.kill();
  await stage.expectKept(4);
});

for (const name of ["mailboxqtt.db", "mailboxqtt.db-wal"]) {
  Deno.test(`removed folder: ${name} alone is noticed too`, async () => {
    await using stage = await Stage.make();
    stage.start();
    const client = await stage.fill();
    await Deno.remove(`${stage.data}/${name}`);
    const id = await client.sendPublish("q", "3", { qos: 1 });
    assert.match(
      payloadText(await client.message()),
      new RegExp(`${name} was removed while it was in use`),
    );
    await client.take("puback", id);
    assert.equal(payloadText(await client.message()), "");
    await stage.kill();
    await stage.expectKept(4);
  });
}

Deno.test("removed folder: another database in its place is set aside", async () => {
  await using stage = await Stage.make();
  stage.start();
  const client = await stage.fill();
  await Deno.remove(stage.data, { recursive: true });
  await Deno.mkdir(stage.data);
  await Deno.writeTextFile(`${stage.data}/mailboxqtt.db`, "another");
  await stage.publishMore(client);
  const aside = [...Deno.readDirSync(stage.data)].find(({ name }) =>
    name.includes(".damaged-")
  );
  const text = await Deno.readTextFile(`${stage.data}/${aside!.name}`);
  assert.equal(text, "another");
  await stage.kill();
  await stage.expectKept(4);
});

Deno.test("removed folder: while it cannot be made anew, what must be kept is refused or waits", async () => {
  await using stage = await Stage.make();
  stage.start();
  const client = await stage.fill();
  await Deno.remove(`${stage.folder}/disk`, { recursive: true });
  await Deno.writeTextFile(`${stage.folder}/disk`, "");
  const id = await client.sendPublish("q", "3", { qos: 1 });
  await client.message();
  const other = await stage.connect();
  assert.equal(await other.publish("q", "x", { qos: 1 }), QUOTA_EXCEEDED);
  assert.equal(client.waiting, 0, "acknowledged nevertheless");
  await Deno.remove(`${stage.folder}/disk`);
  await client.take("puback", id);
  await stage.program.line(/room on the disk again/);
  await stage.kill();
  await stage.expectKept(4);
});

Deno.test("removed folder: a broker that is ended then keeps everything", async () => {
  await using stage = await Stage.make();
  stage.start();
  const client = await stage.fill();
  await Deno.remove(stage.data, { recursive: true });
  await client.disconnect();
  stage.program.signal("SIGTERM");
  assert.equal((await stage.program.end()).status, 0);
  await stage.program[Symbol.asyncDispose]();
  await stage.expectKept(3);
});

Deno.test({
  name:
    `removed folder: its file system is unmounted, and it is made anew below${
      canMount ? "" : " (ignored: nothing can be mounted here)"
    }`,
  ignore: !canMount,
  async fn() {
    await using stage = await Stage.make();
    const disk = `${stage.folder}/disk`;
    const script = 'mount -t tmpfs -o size=50m none $0 && exec "$@"';
    stage.start(
      class extends Program {
        protected static override readonly wrapper = [
          ...["unshare", "--mount", "sh", "-c", script, disk],
        ];
      },
    );
    const client = await stage.fill();
    const inside = [`--target=${stage.program.pid}`, "--mount"];
    assert.ok(
      await succeeds("nsenter", ...inside, "umount", "--lazy", disk),
    );
    await stage.publishMore(client);
    await stage.kill();
    await stage.expectKept(4);
  },
});
