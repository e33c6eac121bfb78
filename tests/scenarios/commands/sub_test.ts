import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { utf8 } from "../../support/bytes.ts";
import type { Client } from "../../support/clients/client.ts";
import { CommandClient } from "../../support/clients/command_client.ts";
import { runProgram, runWith } from "../../support/programs/program.ts";
import { ScriptedBroker } from "../../support/programs/scripted_broker.ts";
import { PacketType } from "../../../src/codec/packet.ts";

Deno.test("sub hands payloads on as they came, whatever is in them", async () => {
  await using broker = await TestBroker.start();
  const pub = await broker.connect();
  const url = broker.urls[0]!;
  await using all = await CommandClient.subscribed([`${url}/t`, "-N", "-C2"]);
  const payload = Uint8Array.from({ length: 200_000 }, (_, at) => at * 7);
  await pub.publish("t", payload);
  await pub.publish("t", "the end");
  const { bytes, status } = await all.outcome();
  assert.equal(status, 0);
  assert.deepEqual(bytes.subarray(0, payload.length), payload);
  assert.equal(
    new TextDecoder().decode(bytes.subarray(payload.length)),
    "the end",
  );
});

Deno.test("sub -C acknowledges what it shows and leaves the rest to the broker", async () => {
  await using broker = await TestBroker.start();
  const url = broker.urls[0]!;
  const flags = ["-i", "reader", "-c", "-q", "2", "-t", "t"];
  const made = await runProgram("sub", url, "-E", ...flags);
  assert.deepEqual([made.status, made.stdout, made.stderr], [0, "", ""]);
  const pub = await broker.connect();
  for (const number of [1, 2, 3, 4, 5, 6]) {
    await pub.publish("t", String(number), { qos: number % 2 ? 2 : 1 });
  }
  for (const expected of ["1\n2\n", "3\n4\n", "5\n6\n"]) {
    const { status, stdout } = await runProgram(
      "sub",
      url,
      "-C",
      "2",
      ...flags,
    );
    assert.deepEqual([status, stdout], [0, expected]);
  }
  const { status, stdout } = await runProgram(
    ...["sub", url, "-i", "reader", "-c", "-U", "t", "-E"],
  );
  assert.deepEqual([status, stdout], [0, ""]);
  await pub.publish("t", "nobody's", { qos: 1 });
  const late = await runProgram(
    ...["sub", url, "-i", "reader", "-c", "-t", "other", "-W", "0.2"],
  );
  assert.equal(late.status, 27);
  assert.equal(late.stdout, "");
  assert.equal(late.stderr, "Timed out after 0.2 seconds\n");
});

async function retain(pub: Client, topics: string): Promise<void> {
  for (const topic of topics.split(" ")) {
    await pub.publish(`r/${topic}`, topic, { qos: 1, retain: true });
  }
}

Deno.test("sub shows, hides and removes retained messages", async () => {
  await using broker = await TestBroker.start();
  const url = broker.urls[0]!;
  const pub = await broker.connect();
  await retain(pub, "a b c");
  await using fresh = await CommandClient.subscribed(
    [url, "-t", "r/#", "-R", "-C", "1", "-v"],
  );
  await pub.publish("r/new", "new", { qos: 1 });
  assert.equal((await fresh.outcome()).stdout, "r/new new\n");
  await using only = await CommandClient.subscribed(
    [url, "-t", "r/#", "--retained-only", "--remove-retained", "-T", "r/b"],
  );
  await pub.publish("r/new", "newer", { qos: 1 });
  const { status, stdout } = await only.outcome();
  assert.equal(status, 0);
  assert.deepEqual(stdout.split("\n").sort(), ["", "a", "c"]);
  const rest = await broker.connect();
  await rest.subscribe("r/#");
  assert.deepEqual((await rest.message()).payload, utf8("b"));
  await rest.expectNothing();
});

Deno.test("sub ends well at Ctrl-C, and its will stays unsaid; killed, it is said", async () => {
  await using broker = await TestBroker.start();
  const watcher = await broker.connect();
  await watcher.subscribe("will", { qos: 1, retainAsPublished: true });
  const will = ["--will-topic", "will", "--will-qos", "1", "--will-retain"];
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    await using sub = await CommandClient.subscribed(
      [broker.urls[0]!, "-t", "t", "--will-payload", signal, ...will],
    );
    sub.signal(signal);
    const { status } = await sub.outcome();
    assert.equal(status, signal === "SIGKILL" ? 137 : 0);
  }
  const { payload, retain, qos } = await watcher.message();
  assert.deepEqual([payload, retain, qos], [utf8("SIGKILL"), true, 1]);
  await watcher.expectNothing();
});

Deno.test("sub subscribes again at a broker that has forgotten it, and says which subscriptions are refused", async () => {
  using broker = new ScriptedBroker();
  await using sub = new CommandClient(
    ["sub", broker.url, "-t", "a", "-t", "b", "-C1"],
  );
  for (const isLast of [false, true]) {
    const guest = await broker.accept();
    const { packetId, filters } = await guest.expect(PacketType.Subscribe);
    assert.deepEqual(filters.map(({ filter }) => filter), ["a", "b"]);
    await guest.send({
      type: PacketType.Suback,
      packetId,
      reasonCodes: [0, isLast ? 0x87 : 0],
      properties: {},
    });
    if (!isLast) {
      guest.close();
      continue;
    }
    await sub.told(/Cannot subscribe to "b": not authorized \(0x87\)/);
    await guest.send({
      type: PacketType.Publish,
      topic: "a",
      payload: utf8("back"),
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties: {},
    });
    await guest.expect(PacketType.Disconnect);
  }
  const { status, stdout, stderr } = await sub.outcome();
  assert.deepEqual([status, stdout], [0, "back\n"]);
  assert.match(
    stderr,
    /^Lost mqtt:.* Trying again in 1 second\nConnected again\n/,
  );
});

Deno.test("sub ends when it is sent away for good, or all that it asks for is refused", async () => {
  using broker = new ScriptedBroker();
  await using first = new CommandClient(["sub", broker.url, "-t", "t"]);
  const guest = await broker.accept();
  const { packetId } = await guest.expect(PacketType.Subscribe);
  const suback = { type: PacketType.Suback, packetId, properties: {} } as const;
  await guest.send({ ...suback, reasonCodes: [0x87] });
  const refused = await first.outcome();
  assert.equal(refused.status, 1);
  assert.equal(
    refused.stderr,
    'Cannot subscribe to "t": not authorized (0x87)\n',
  );

  await using second = new CommandClient(["sub", broker.url, "-t", "t"]);
  const other = await broker.accept();
  await other.send({
    type: PacketType.Disconnect,
    reasonCode: 0x8E,
    properties: {},
  });
  const { status, stderr } = await second.outcome();
  assert.equal(status, 1);
  assert.match(stderr, /it ended the connection: another client has connected/);
});

Deno.test("sub shows JSON indented and other bytes in hexadecimal on a terminal", async () => {
  await using broker = await TestBroker.start();
  const pub = await broker.connect();
  await pub.publish("x/a", '{"t":1.50}', { qos: 1, retain: true });
  await pub.publish("x/b", new Uint8Array([27, 65, 255]), {
    qos: 1,
    retain: true,
  });
  const { status, stdout } = await runWith(
    { input: "", terminal: true },
    ...["sub", broker.urls[0]!, "-t", "x/+", "-v", "-C", "2"],
  );
  assert.equal(status, 0);
  const text = stdout.replaceAll("\r", "");
  assert.ok(text.includes('x/a\n{\n  "t": 1.50\n}\n'), text);
  assert.ok(text.includes("x/b 1b 41 ff  |.A.|\n"), text);
});

Deno.test("sub appends to a file, and ends quietly when nobody reads any more", async () => {
  await using broker = await TestBroker.start();
  const pub = await broker.connect();
  const url = broker.urls[0]!;
  await pub.publish("t", "kept", { qos: 1, retain: true });
  const file = await Deno.makeTempFile();
  for (let count = 2; count > 0; count--) {
    await runProgram("sub", `${url}/t`, "-C", "1", "-o", file);
  }
  assert.equal(await Deno.readTextFile(file), "kept\nkept\n");
  await Deno.remove(file);

  await using sub = await CommandClient.subscribed([`${url}/t`]);
  await sub.closeOutput();
  await pub.publish("t", "to nobody", { qos: 1 });
  assert.equal((await sub.outcome()).status, 0);
});
