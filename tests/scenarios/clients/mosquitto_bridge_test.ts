/** A bridge of Debian's mosquitto to this broker: as it comes out of the box, and in each version of the protocol. */

import assert from "node:assert/strict";
import type { Address } from "../../support/clients/client.ts";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import { TestBroker, until } from "../../support/programs/broker.ts";
import {
  MOSQUITTO_MISSING,
  MosquittoBroker,
} from "../../support/programs/mosquitto_broker.ts";

const ignore = MOSQUITTO_MISSING !== undefined;
const label = MOSQUITTO_MISSING === undefined ? "" : ` (${MOSQUITTO_MISSING})`;

/** A mosquitto with a bridge to an address. */
async function startBridge(
  { hostname, port }: Address,
  settings: readonly string[],
): Promise<{ mosquitto: MosquittoBroker; there: Address }> {
  const mosquitto = await MosquittoBroker.start(
    [
      "connection house",
      `address ${hostname}:${port}`,
      "topic in/# in 2",
      "topic out/# out 2",
      "topic both/# both 2",
      ...settings,
    ].join("\n"),
  );
  return { mosquitto, there: { hostname: "127.0.0.1", port: mosquitto.port } };
}

const VERSIONS = [
  ["with default settings", []],
  ["3.1", ["bridge_protocol_version mqttv31", "remote_clientid house"]],
  ["3.1.1", ["bridge_protocol_version mqttv311"]],
  ["5.0", ["bridge_protocol_version mqttv50"]],
] as const;

for (const [name, settings] of VERSIONS) {
  Deno.test({
    name:
      `mosquitto bridge ${name}: each message goes over once, RETAIN is kept, and the state is told${label}`,
    ignore,
    fn: async () => {
      await using broker = await TestBroker.start();
      const here = broker.address;
      const state = ["-t", "$SYS/broker/connection/+/state"];
      await using stateHere = await MosquittoSub.start(here, ...state);
      {
        const { mosquitto, there } = await startBridge(here, settings);
        await using _mosquitto = mosquitto;
        assert.match(await stateHere.line(), /\/state 0 0 1$/);
        await bridgeBothWays(broker, there);
      }
      // mosquitto says that it goes; where it does not come to that, its will does.
      assert.match(await stateHere.line(), /\/state 0 0 0$/);
      assert.equal(broker.counters.dropped.reservedTopic, 0);
      assert.equal(broker.counters.disconnected.protocolError, 0);
    },
  });
}

/** Publishes on both sides, and requires that each subscriber gets all there is for it, once and in its order. */
async function bridgeBothWays(
  broker: TestBroker,
  there: Address,
): Promise<void> {
  const here = broker.address;
  const all = ["-q", "2", "-t", "in/#", "-t", "out/#", "-t", "both/#"];
  await using subHere = await MosquittoSub.start(here, ...all);
  await using subThere = await MosquittoSub.start(there, ...all);
  // The watcher's, those three, and the bridge's two.
  await until(
    "the bridge has subscribed",
    () => broker.counters.subscriptionsNow === 6,
  );
  // A message that came back, or twice, would stand in the place of one that follows.
  for (const qos of ["0", "1", "2"]) {
    for (const retain of [[], ["-r"]]) {
      for (
        const [topic, from] of [
          ["in/a", here],
          ["both/a", here],
          ["out/a", there],
          ["both/b", there],
        ] as const
      ) {
        const flags = ["-q", qos, "-t", topic, "-m", `at ${qos}`, ...retain];
        await mosquittoPub(from, ...flags);
        assert.equal(await subHere.line(), `${topic} ${qos} 0 at ${qos}`);
        assert.equal(await subThere.line(), `${topic} ${qos} 0 at ${qos}`);
      }
    }
  }
  for (const address of [here, there]) {
    await using late = await MosquittoSub.start(address, ...all);
    const lines = [
      await late.line(),
      await late.line(),
      await late.line(),
      await late.line(),
    ];
    assert.deepEqual(
      lines.sort(),
      ["both/a", "both/b", "in/a", "out/a"].map((topic) => `${topic} 2 1 at 2`),
    );
  }
}
