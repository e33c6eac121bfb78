/** A bridge of Debian's mosquitto to this broker: as it comes out of the box, and in each version of the protocol. */

import assert from "node:assert/strict";
import type { Address } from "../../support/clients/client.ts";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { Program } from "../../support/programs/program.ts";
import { TestBroker, until } from "../../support/programs/broker.ts";
import {
  freePort,
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

Deno.test({
  name:
    `mosquitto bridge: after kill -9 of the program it is back, and each message goes over once${label}`,
  ignore,
  fn: async () => {
    await using folder = await ConfigFolder.make();
    const data = folder.file("data");
    const here = { hostname: "127.0.0.1", port: freePort() };
    const run = async () => {
      const url = `mqtt://127.0.0.1:${here.port}`;
      const program = new Program("--listen", url, "--data", data);
      await program.port();
      return program;
    };
    const session = ["-V", "mqttv5", "-x", "1000", "-c", "-i", "keeper"];
    const keeper = () =>
      MosquittoSub.start(here, ...session, "-q", "2", "-t", "+/#");
    const first = await run();
    await using _first = first;
    const { mosquitto, there } = await startBridge(here, ["restart_timeout 1"]);
    await using _mosquitto = mosquitto;
    await using subThere = await MosquittoSub.start(
      there,
      "-q",
      "2",
      "-t",
      "both/#",
    );
    const publish = (from: Address, payload: string) =>
      mosquittoPub(from, "-q", "2", "-t", "both/a", "-m", payload);
    await using before = await keeper();
    // The first message goes over once the bridge is connected, and then it has subscribed.
    for (const from of [there, here]) {
      await publish(from, "before");
      assert.equal(await before.line(), "both/a 2 0 before");
      assert.equal(await subThere.line(), "both/a 2 0 before");
    }
    await before.end();
    first.signal("SIGKILL");
    await first.end();

    await publish(there, "while it is down");
    assert.equal(await subThere.line(), "both/a 2 0 while it is down");
    const second = await run();
    await using _second = second;
    await publish(here, "before the bridge is back");
    await using after = await keeper();
    const lines = [await after.line(), await after.line()];
    assert.deepEqual(lines.sort(), [
      "both/a 2 0 before the bridge is back",
      "both/a 2 0 while it is down",
    ]);
    const line = "both/a 2 0 before the bridge is back";
    assert.equal(await subThere.line(), line);
    // Anything that came twice would stand in the place of these.
    for (
      const [from, payload] of [[here, "from here"], [there, "there"]] as const
    ) {
      await publish(from, payload);
      assert.equal(await after.line(), `both/a 2 0 ${payload}`);
      assert.equal(await subThere.line(), `both/a 2 0 ${payload}`);
    }
    await after.end();
    second.signal("SIGTERM");
    await second.end();
  },
});

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
