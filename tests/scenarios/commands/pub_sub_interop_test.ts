import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { CommandClient } from "../../support/clients/command_client.ts";
import { mosquittoPub, MosquittoSub } from "../../support/clients/mosquitto.ts";
import {
  MOSQUITTO_MISSING,
  MosquittoBroker,
} from "../../support/programs/mosquitto_broker.ts";

const VERSIONS = ["mqttv31", "mqttv311", "mqttv5"] as const;
const QOS = ["0", "1", "2"] as const;

/** Both publish at every QoS, and both must receive all of it so, in the same words. */
async function exchange(port: number, version: string): Promise<void> {
  const address = { hostname: "127.0.0.1", port };
  const flags = ["-V", version, "-t", `${version}/#`, "-q", "2"];
  await using ours = await CommandClient.subscribed([
    ...["-h", address.hostname, "-p", String(port), ...flags],
    ...["-F", "%t %q %r %p", "-C", "6", "-W", "60"],
  ]);
  await using theirs = await MosquittoSub.start(address, ...flags);
  await Promise.all(QOS.map(async (qos) => {
    const what = (who: string) => [
      ...["-V", version, "-t", `${version}/${who}`, "-q", qos],
      ...["-m", `${who} at ${qos}`],
    ];
    await mosquittoPub(address, ...what("theirs"));
    await using pub = new CommandClient([
      ...["pub", "-p", String(port), ...what("ours")],
    ]);
    const { status, stdout, stderr } = await pub.outcome();
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
  }));
  const expected = QOS.flatMap((qos) =>
    ["ours", "theirs"].map((who) =>
      `${version}/${who} ${qos} 0 ${who} at ${qos}`
    )
  ).sort();
  const { status, stdout } = await ours.outcome();
  assert.equal(status, 0);
  assert.deepEqual(stdout.trimEnd().split("\n").sort(), expected);
  const lines: string[] = [];
  while (lines.length < expected.length) lines.push(await theirs.line());
  assert.deepEqual(lines.sort(), expected);
}

Deno.test("pub and sub get on with mosquitto's clients at this broker, in all versions at every QoS", async () => {
  await using broker = await TestBroker.start();
  for (const version of VERSIONS) {
    await exchange(broker.address.port, version);
  }
});

Deno.test({
  name:
    `pub and sub get on with mosquitto's broker, in all versions at every QoS${
      MOSQUITTO_MISSING === undefined ? "" : ` (${MOSQUITTO_MISSING})`
    }`,
  ignore: MOSQUITTO_MISSING !== undefined,
  fn: async () => {
    await using broker = await MosquittoBroker.start();
    for (const version of VERSIONS) await exchange(broker.port, version);
  },
});
