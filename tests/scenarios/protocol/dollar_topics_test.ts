/** Topics that begin with `$` and are not the broker's own. */

import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

for (const version of [3, 4, 5] as const) {
  Deno.test(`topics that begin with $, version ${version}: they are delivered and retained, but to no wildcard in the first level [MQTT-4.7.2-1, MQTT3-4.7.2-1]`, async () => {
    await using broker = await TestBroker.start();
    const named = await broker.connect({ version });
    const wild = await broker.connect({ version });
    const client = await broker.connect({
      version,
      will: { topic: "$iothub/gone", payload: "will" },
    });
    await named.subscribe("$aws/#", { qos: 2 });
    await named.subscribe("$iothub/+");
    await named.subscribe("$SYSTEM/x");
    await wild.subscribe("#");
    await wild.subscribe("+/things/shadow");
    for (const qos of [0, 1, 2]) {
      const text = `at ${qos}`;
      await client.publish("$aws/things/shadow", text, { qos, retain: true });
      const message = await named.message();
      assert.equal(message.topic, "$aws/things/shadow");
      assert.equal(message.qos, qos);
      assert.equal(payloadText(message), text);
    }
    await client.publish("$SYSTEM/x", "not below $SYS");
    assert.equal(payloadText(await named.message()), "not below $SYS");
    const late = await broker.connect({ version });
    await late.subscribe("$aws/things/+");
    assert.equal(payloadText(await late.message()), "at 2");
    client.close();
    assert.equal(payloadText(await named.message()), "will");
    await named.expectNothing();
    await wild.expectNothing();
    assert.equal(broker.counters.dropped.reservedTopic, 0);
  });
}
