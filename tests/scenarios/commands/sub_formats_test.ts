import assert from "node:assert/strict";
import { compileFormat } from "../../../src/cli/messages/format.ts";
import type { Properties } from "../../../src/codec/properties.ts";
import { ByteBuffer } from "../../../src/core/byte_buffer.ts";
import { TestBroker } from "../../support/programs/broker.ts";
import { utf8 } from "../../support/bytes.ts";
import { ClientHandle } from "../../support/clients/own_client.ts";

/** All sequences that do not tell the time, with and without width. */
const FORMAT = [
  ..."%A %C %D %E %F %J %j %l %m %P %p %q %R %r %S %t %x %X %%".split(" "),
  ..."%9A %09A %-9A %20C %-20C %.3C %20.3C %-20.3C %9E %09E %-9E".split(" "),
  ..."%3F %03F %9l %09l %-9l %9m %20R %-20R %.2R %9S %-9S".split(" "),
  ..."%20t %-20t %.3t %20.3t %-20.3t %020t".split(" "),
  ..."%30p %-30p %3p %030p %q @@ \\\\ \\e \\n \\r \\t \\v \\a".split(" "),
].map((one) => `[${one}]`).join("");

const ALL_PROPERTIES: Properties = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 3600,
  contentType: "text/plain",
  responseTopic: "answers/here",
  correlationData: utf8("abc"),
  userProperties: [["name", "value"], ["other", "one, too"]],
};

const MESSAGES: readonly {
  readonly name: string;
  readonly payload: string | Uint8Array;
  readonly properties?: Properties;
  readonly format?: string;
}[] = [
  { name: "text", payload: "hello, world", format: withoutNested(FORMAT) },
  { name: "JSON", payload: '{"b": [1, 2.5, "ä\\n"], "a": {}, "c": []}' },
  {
    name: "properties",
    payload: '"x"',
    properties: ALL_PROPERTIES,
  },
  {
    name: "binary",
    payload: new Uint8Array([0, 1, 2, 0xfe, 0xff]),
    format: withoutNested(FORMAT).replace("[%j]", ""),
  },
  { name: "nested", payload: '{"a":[1,{"b":2}],"c":""}', format: "%J" },
];

function withoutNested(format: string): string {
  return format.replace("[%J]", "");
}

async function mosquittoSub(
  url: string,
  ...flags: string[]
): Promise<Uint8Array> {
  const { port } = new URL(url);
  const { code, stdout, stderr } = await new Deno.Command("mosquitto_sub", {
    args: ["-p", port, "-h", "127.0.0.1", "-C", "1", "-W", "9", ...flags],
    env: { TZ: "UTC" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return stdout;
}

Deno.test("sub -F shows messages byte by byte as mosquitto_sub does", async () => {
  await using broker = await TestBroker.start();
  const url = broker.urls[0]!;
  await using client = await ClientHandle.connect(url);
  for (const { name, payload, properties = {}, format = FORMAT } of MESSAGES) {
    const topic = `t/${name}`;
    await client.publish(topic, payload, { qos: 1, retain: true, properties });
    await client.client.subscribe([{
      filter: topic,
      qos: 1,
      noLocal: false,
      retainAsPublished: true,
      retainHandling: 0,
    }], { subscriptionIdentifiers: [17] });
    const theirs = new TextDecoder().decode(
      await mosquittoSub(
        url,
        ...["-V", "5", "-q", "1", "-t", topic, "-N", "-F", format],
        ...["-D", "subscribe", "subscription-identifier", "17"],
      ),
    );
    const message = await client.message();
    const out = new ByteBuffer();
    compileFormat(format, false)(out, { ...message, packetId: 1 }, Date.now());
    const ours = new TextDecoder().decode(out.take());
    const timeless = (text: string) =>
      text.replaceAll(/"tst":"[^"]*"/g, '"tst":""').split("][").join("]\n[");
    assert.equal(timeless(ours), timeless(theirs), name);
  }
});
