import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { join } from "../../support/bytes.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { SqlitePlace } from "../../support/stores/stores.ts";
import { publish } from "../../support/clients/write_packets.ts";

Deno.test("retained: what is on the disk alone comes from there, also after a restart [MQTT-3.3.1-5]", async () => {
  const place = await SqlitePlace.create();
  const limits = { retainedInMemory: 50_000 };
  const count = 3000;
  const payload = (n: number) => `${n} `.padEnd(n % 500 === 0 ? 100_000 : 300);
  const expected = new Map<string, string>();
  for (let start = 0; start < 2; start++) {
    await using broker = await TestBroker.start({
      store: place.make(),
      limits,
    });
    const publisher = await broker.connect();
    if (start === 0) {
      const packets = Array.from({ length: count }, (_, n) => {
        expected.set(`t/${n}`, payload(n));
        return publish(5, `t/${n}`, payload(n), { retain: true });
      });
      await publisher.sendRaw(join(...packets));
    } else {
      await publisher.publish("t/1", "new", { retain: true, qos: 1 });
      expected.set("t/1", "new");
    }
    // Is committed after all of them.
    await publisher.publish("t/0", "", { retain: true, qos: 1 });
    expected.delete("t/0");
    const { counters } = broker;
    assert.equal(counters.retainedNow, expected.size);
    assert.ok(counters.retainedBytesNow < 50_000 + count * 200);
    const subscriber = await broker.connect({
      properties: { receiveMaximum: 10 },
    });
    await subscriber.subscribe("t/+", { qos: start });
    subscriber.pause();
    for (let n = 0; n < 3; n++) await publisher.ping();
    subscriber.resume();
    const got = new Map<string, string>();
    while (got.size < expected.size) {
      const message = await subscriber.message();
      assert.ok(!got.has(message.topic), `${message.topic} twice`);
      got.set(message.topic, payloadText(message));
    }
    assert.deepEqual(got, expected);
    await subscriber.expectNothing();
  }
  await place.remove();
});
