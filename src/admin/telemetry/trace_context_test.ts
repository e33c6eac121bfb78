import assert from "node:assert/strict";
import { publish } from "../../../tests/support/clients/write_packets.ts";
import { Decoder } from "../../codec/decode/decoder.ts";
import { Publish } from "../../codec/packet.ts";
import { parentOf, parseTraceparent } from "./trace_context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

Deno.test("parseTraceparent() reads what the recommendation allows", () => {
  const cases: [string, boolean][] = [
    [`00-${TRACE}-${SPAN}-01`, true],
    [`00-${TRACE}-${SPAN}-00`, false],
    [`00-${TRACE}-${SPAN}-ff`, true],
    [`00-${TRACE}-${SPAN}-fe`, false],
    [`01-${TRACE}-${SPAN}-01`, true],
    [`cc-${TRACE}-${SPAN}-01-what-comes-later`, true],
  ];
  for (const [text, isSampled] of cases) {
    assert.deepEqual(parseTraceparent(text), {
      traceId: TRACE,
      spanId: SPAN,
      isSampled,
      tracestate: undefined,
    }, text);
  }
});

Deno.test("parseTraceparent() takes nothing that is malformed", () => {
  const zeros = "0".repeat(32);
  for (
    const text of [
      "",
      `00-${TRACE}-${SPAN}`,
      `00-${TRACE}-${SPAN}-01-more`,
      `00-${TRACE}-${SPAN}-1`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${TRACE}0-${SPAN}-01`,
      `00-${zeros}-${SPAN}-01`,
      `00-${TRACE}-${zeros.slice(16)}-01`,
      `ff-${TRACE}-${SPAN}-01`,
      ` 00-${TRACE}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-01\n`,
      `0-${TRACE}-${SPAN}-01`,
    ]
  ) assert.equal(parseTraceparent(text), undefined, JSON.stringify(text));
});

/** A PUBLISH with these user properties, as it is decoded. */
function withProperties(...userProperties: [string, string][]): Publish {
  const bytes = publish(5, "a", "hello", { properties: { userProperties } });
  const decoder = new Decoder({
    role: "server",
    version: 5,
    maximumPacketSize: 1e6,
  });
  const packet = decoder.decode(bytes, 0, bytes.length);
  assert.ok(packet instanceof Publish);
  return packet;
}

Deno.test("parentOf() finds a parent among other user properties", () => {
  const traceparent = `00-${TRACE}-${SPAN}-01`;
  const expected = { traceId: TRACE, spanId: SPAN, isSampled: true };
  assert.deepEqual(
    parentOf(withProperties(["a", "b"], ["traceparent", traceparent])),
    { ...expected, tracestate: undefined },
  );
  assert.deepEqual(
    parentOf(
      withProperties(
        ["tracestate", "one=1"],
        ["traceparent", traceparent],
        ["tracestate", "two=2"],
      ),
    ),
    { ...expected, tracestate: "one=1,two=2" },
  );
});

Deno.test("parentOf() finds none where there is none, more than one, or more than can be looked through", () => {
  const traceparent: [string, string] = [
    "traceparent",
    `00-${TRACE}-${SPAN}-01`,
  ];
  for (
    const properties of [
      [],
      [["Traceparent", traceparent[1]]],
      [["traceparent", "x".repeat(60)]],
      [traceparent, traceparent],
      [traceparent, ["filler", "x".repeat(10_000)]],
    ] as [string, string][][]
  ) assert.equal(parentOf(withProperties(...properties)), undefined);
});
