/** What is sent to a collector of OpenTelemetry. */

import assert from "node:assert/strict";
import { Client } from "../../support/clients/client.ts";
import {
  OtlpReceiver,
  type OtlpRequest,
} from "../../support/programs/otlp_receiver.ts";
import { Program } from "../../support/programs/program.ts";

const LISTEN = ["--listen", "mqtt://127.0.0.1:0", "--otlp-interval=1s"];

/** One metric of a request, by its name without the prefix. */
function metric({ body }: OtlpRequest, name: string) {
  const [{ scopeMetrics: [{ metrics }] }] = body.resourceMetrics;
  return metrics.find((one: { name: string }) =>
    one.name === `mailboxqtt_${name}`
  );
}

/** The values of a sum or gauge, by the attributes that tell them apart. */
// deno-lint-ignore no-explicit-any
function valuesOf(points: any[]): Record<string, number> {
  return Object.fromEntries(points.map(({ attributes, asDouble }) => [
    // deno-lint-ignore no-explicit-any
    attributes.map(({ value }: any) => value.stringValue).join(),
    asDouble,
  ]));
}

Deno.test("otlp: the same figures as Prometheus' come to the collector, again and again", async () => {
  await using receiver = new OtlpReceiver();
  class Sending extends Program {
    protected static override readonly env = {
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20c2VzYW1l",
      OTEL_SERVICE_NAME: "gateway",
    };
  }
  await using program = new Sending(...LISTEN, "--otlp", receiver.endpoint);
  const address = { hostname: "127.0.0.1", port: await program.port() };
  const client = await Client.connect(address);
  await client.publish("a", "one", { qos: 1 });
  await client.publish("a", "two", { qos: 2 });

  let request = await receiver.request("/v1/metrics");
  const received = () =>
    valuesOf(metric(request, "messages_received_total").sum.dataPoints);
  while (received()["2"] === 0) request = await receiver.request("/v1/metrics");
  assert.deepEqual(received(), { 0: 0, 1: 1, 2: 1 });
  assert.equal(request.headers.get("authorization"), "Basic c2VzYW1l");
  const [{ resource }] = request.body.resourceMetrics;
  assert.deepEqual(resource.attributes[0], {
    key: "service.name",
    value: { stringValue: "gateway" },
  });
  const { sum, description } = metric(request, "messages_received_total");
  assert.deepEqual([sum.isMonotonic, sum.aggregationTemporality], [true, 2]);
  assert.equal(description, "PUBLISH packets from clients, by QoS.");
  const { gauge, unit } = metric(request, "resident_memory_bytes");
  assert.equal(unit, "By");
  assert.ok(gauge.dataPoints[0].asDouble > 1e6);
  const { histogram } = metric(request, "publish_duration_seconds");
  const [point] = histogram.dataPoints;
  assert.equal(point.bucketCounts.length, point.explicitBounds.length + 1);
  assert.ok(point.count > 0);
  await client.disconnect();
});

Deno.test("otlp: a collector that is away is told once, and once when it is back", async () => {
  const { port } = await (async () => {
    await using gone = new OtlpReceiver();
    return gone;
  })();
  await using program = new Program(
    ...LISTEN,
    `--otlp=http://127.0.0.1:${port}`,
  );
  await program.line(/WARN.*Figures cannot be sent to the collector/);
  await using _back = new OtlpReceiver(port);
  await program.line(/Figures are sent to the collector again/);
  const warnings = program.lines.filter((line) => line.includes("cannot be"));
  assert.equal(warnings.length, 1);
});
