import assert from "node:assert/strict";
import { TestBroker, until } from "../../support/programs/broker.ts";
import { join } from "../../support/bytes.ts";
import type { Client } from "../../support/clients/client.ts";
import { LateStore } from "../../support/stores/late_store.ts";
import { publish } from "../../support/clients/write_packets.ts";

const MiB = 1024 * 1024;
const SIZE = 65_536;
/** Far more than a connection may have uncommitted and the system's socket buffers hold. */
const COUNT = 600;

/** Commits until the client has received so many acknowledgements of this type. */
async function commitUntil(
  client: Client,
  store: LateStore,
  type: "puback" | "pubrec",
  count: number,
): Promise<void> {
  for (let received = 0; received < count; received++) {
    await until("an acknowledgement comes", () => {
      store.commit();
      return client.waiting > 0;
    });
    await client.expect(type);
  }
}

for (const qos of [1, 2]) {
  Deno.test(`late commit: a client that does not wait for its acknowledgements is not read until the disk comes after, QoS ${qos}`, async () => {
    const store = new LateStore();
    await using broker = await TestBroker.start({ store, manualClock: true });
    const committing = setInterval(() => store.commit(), 1);
    const away = await broker.connect({ version: 4, clean: false });
    await away.subscribe("a", { qos: 2 });
    await away.disconnect();
    clearInterval(committing);
    const client = await broker.connect({ version: 4, keepAlive: 10 });
    const packets = Array.from(
      { length: COUNT },
      (_, n) => publish(4, "a", "x".repeat(SIZE), { qos, packetId: n + 1 }),
    );
    let isSent = false;
    const sending = client.sendRaw(join(...packets)).then(() => isSent = true);
    await until(
      "much is uncommitted",
      () => store.uncommittedBytes > 8 * MiB,
    );
    // Others are served, and time passes that the client cannot be blamed for.
    const other = await broker.connect({ keepAlive: 0 });
    for (let n = 0; n < 300; n++) {
      await other.ping();
      broker.advance(1000);
    }
    assert.ok(store.uncommittedBytes < 9 * MiB);
    assert.ok(!isSent);
    assert.equal(broker.counters.disconnected.keepAliveTimeout, 0);
    await commitUntil(client, store, qos === 1 ? "puback" : "pubrec", COUNT);
    await sending;
    await client.expectNothing();
    assert.equal(broker.counters.memoryPauses, 0);
  });
}

Deno.test("late commit: what a client sends that needs no disk goes on, and the broker ends with it waiting", async () => {
  const store = new LateStore();
  await using broker = await TestBroker.start({ store });
  const committing = setInterval(() => store.commit(), 1);
  const client = await broker.connect({ clean: false, version: 4 });
  await client.subscribe("a", { qos: 1 });
  clearInterval(committing);
  const size = 9 * MiB;
  await client.sendPublish("a", "x".repeat(size), { qos: 1, packetId: 1 });
  const { packetId } = await client.expect("publish");
  await client.sendPublish("a", "waits", { qos: 1, packetId: 2 });
  await client.sendAcknowledgement("puback", packetId);
  await client.expectNothing();
  assert.ok(store.writes.includes("dequeue"));
  assert.equal(broker.counters.messagesReceived.qos1, 1);
});
