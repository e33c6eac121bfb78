/** Traces of publishes, as a collector of OpenTelemetry gets them. */

import assert from "node:assert/strict";
import { until } from "../../support/programs/broker.ts";
import { Client } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { OtlpReceiver } from "../../support/programs/otlp_receiver.ts";
import { Program } from "../../support/programs/program.ts";

/** A span, as far as it is looked at here. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  /** 2 for an error. */
  readonly status: number;
}

// deno-lint-ignore no-explicit-any
type Json = any;

function spanOf(span: Json): Span {
  return {
    ...span,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: Object.fromEntries(
      span.attributes.map(({ key, value }: Json) => [
        key,
        Object.values(value)[0],
      ]),
    ),
    events: (span.events ?? []).map(({ name }: Json) => name),
    status: span.status?.code ?? 0,
  };
}

/** A publish: its span, and those below it. */
interface Trace {
  readonly root: Span;
  readonly children: readonly Span[];
}

/** A broker that sends traces to a collector, and what comes there. To be had with `await using`. */
class Traced implements AsyncDisposable {
  readonly folder: ConfigFolder;
  readonly receiver: OtlpReceiver;
  readonly program: Program;
  readonly #spans: Span[] = [];

  private constructor(
    folder: ConfigFolder,
    receiver: OtlpReceiver,
    ...args: string[]
  ) {
    this.folder = folder;
    this.receiver = receiver;
    this.program = new Program(
      ...["--listen", "mqtt://127.0.0.1:0", "--otlp", receiver.endpoint],
      ...["--control", folder.file("control.sock"), ...args],
    );
  }

  static async start(
    argsFor: (folder: ConfigFolder) => readonly string[] = () => [],
  ): Promise<Traced> {
    const folder = await ConfigFolder.make();
    return new Traced(folder, new OtlpReceiver(), ...argsFor(folder));
  }

  async connect(clientId: string, properties = {}): Promise<Client> {
    const address = { hostname: "127.0.0.1", port: await this.program.port() };
    return await Client.connect(address, { clientId, properties });
  }

  async trace(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.folder.control(
      "trace",
      ...args,
    );
    assert.equal(status, 0, stderr);
    return stdout;
  }

  /** The next publish that is traced to a topic, with all that belongs to it. */
  async next(topic: string): Promise<Trace> {
    for (;;) {
      const root = this.#spans.find(({ name }) => name === `publish ${topic}`);
      if (root !== undefined) {
        const children = this.#spans.filter(({ parentSpanId }) =>
          parentSpanId === root.spanId
        );
        for (const span of [root, ...children]) {
          this.#spans.splice(this.#spans.indexOf(span), 1);
        }
        return { root, children };
      }
      const { body } = await this.receiver.request("/v1/traces");
      // A trace is handed over as one, and its own span is the last of it.
      for (const { scopeSpans } of body.resourceSpans) {
        for (const { spans } of scopeSpans) {
          this.#spans.push(...spans.map(spanOf));
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.receiver[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

function named({ children }: Trace, name: string): readonly Span[] {
  return children.filter((span) => span.name === name);
}

/** Requires that children lie within the trace, and belong to it. */
function assertWhole({ root, children }: Trace): void {
  for (const { traceId, start, end } of children) {
    assert.equal(traceId, root.traceId);
    assert.ok(root.start <= start && start <= end && end <= root.end);
  }
}

const PERSISTENT = { sessionExpiryInterval: 1000 };

Deno.test("otlp traces: a publish is shown from its arrival to its receivers, at each QoS", async () => {
  await using traced = await Traced.start((folder) => [
    ...["--otlp-traces", "100%", "--data", folder.file("data")],
  ]);
  const subscriber = await traced.connect("receiver", PERSISTENT);
  await subscriber.subscribe("plant/#", { qos: 2 });
  const publisher = await traced.connect("pump", PERSISTENT);
  for (const qos of [0, 1, 2] as const) {
    const topic = `plant/${qos}`;
    await publisher.publish(topic, "hello", { qos });
    await subscriber.acknowledge(await subscriber.message());
    const trace = await traced.next(topic);
    assertWhole(trace);
    const { root } = trace;
    assert.equal(root.parentSpanId ?? "", "");
    assert.equal(root.status, 0);
    const { attributes } = root;
    assert.equal(attributes["messaging.system"], "mqtt");
    assert.equal(attributes["messaging.destination.name"], topic);
    assert.equal(attributes["messaging.client.id"], "pump");
    assert.equal(Number(attributes["messaging.message.body.size"]), 5);
    assert.equal(Number(attributes["mqtt.qos"]), qos);
    assert.equal(attributes["network.protocol.version"], "5.0");
    const [accept, route] = [named(trace, "accept"), named(trace, "route")];
    assert.equal(accept.length, 1);
    assert.equal(route.length, 1);
    assert.ok(accept[0]!.end <= route[0]!.start);
    assert.equal(Number(route[0]!.attributes["mailboxqtt.subscribers"]), 1);
    assert.equal(named(trace, "store").length, qos === 0 ? 0 : 1);
    const [deliver, ...others] = named(trace, "deliver");
    assert.deepEqual(others, []);
    assert.equal(deliver!.attributes["messaging.client.id"], "receiver");
    assert.equal(deliver!.status, 0);
    assert.ok(route[0]!.end <= deliver!.start);
  }
  await publisher.disconnect();
  await subscriber.disconnect();
});

Deno.test("otlp traces: traceparent makes a publish part of its sender's trace, and goes on unchanged", async () => {
  await using traced = await Traced.start(() => ["--otlp-traces", "100%"]);
  const client = await traced.connect("pump");
  await client.subscribe("a");
  const publish = async (flags: string, payload: string) => {
    const traceparent =
      `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`;
    const userProperties: [string, string][] = [["traceparent", traceparent]];
    await client.publish("a", payload, {
      qos: 1,
      properties: { userProperties },
    });
    const { properties } = await client.message();
    assert.deepEqual(properties.userProperties, [["traceparent", traceparent]]);
  };
  await publish("00", "not sampled by its sender");
  await publish("01", "sampled");
  const { root } = await traced.next("a");
  assert.equal(root.traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.equal(root.parentSpanId, "b7ad6b7169203331");
  assert.equal(Number(root.attributes["messaging.message.body.size"]), 7);
  await client.disconnect();
});

Deno.test("otlp traces: one client or one topic is shown for a while, switched by hand", async () => {
  await using traced = await Traced.start();
  const pump = await traced.connect("pump");
  const valve = await traced.connect("valve");
  const publish = async (client: Client, topic: string) =>
    await client.publish(topic, "", { qos: 1 });
  assert.match(await traced.trace("status"), /^Nothing is traced\n/);
  await publish(pump, "unseen");
  assert.equal(
    await traced.trace("on", "--client", "pump", "--for", "1h"),
    'Traced are all publishes of "pump", for 1 h 0 min\n',
  );
  await publish(valve, "of valve");
  await publish(pump, "of pump");
  const { root } = await traced.next("of pump");
  assert.equal(root.attributes["messaging.client.id"], "pump");

  assert.equal(
    await traced.trace("on", "--topic", "plant/+/state"),
    'Traced are all publishes to "plant/+/state", for 10 min 0 s\n',
  );
  await publish(pump, "plant/1/valve");
  await publish(valve, "plant/1/state");
  const found = await traced.next("plant/+/state");
  assert.equal(
    found.root.attributes["messaging.destination.name"],
    "plant/1/state",
  );

  assert.match(
    await traced.trace("off"),
    /^Nothing is traced\nSo far 2 were traced, \d+ spans sent\n$/,
  );
  await publish(pump, "plant/1/state");
  await publish(valve, "last");
  assert.match(await traced.trace("status"), /So far 2 were traced/);
  await pump.disconnect();
  await valve.disconnect();
});

Deno.test("otlp traces: for whom a message waits is an event, and a refusal is an error", async () => {
  await using traced = await Traced.start(() => ["--otlp-traces=100%"]);
  const away = await traced.connect("away", PERSISTENT);
  await away.subscribe("a", { qos: 1 });
  await away.disconnect();
  const publisher = await traced.connect("pump");
  await publisher.publish("a", "", { qos: 1 });
  const waiting = await traced.next("a");
  const [route] = named(waiting, "route");
  assert.deepEqual(route!.events, ["queued"]);
  assert.equal(Number(route!.attributes["mailboxqtt.queued"]), 1);
  assert.deepEqual(named(waiting, "deliver"), []);
  assert.equal(await publisher.publish("$SYS/a", "", { qos: 1 }), 0x87);
  const { root } = await traced.next("$SYS/a");
  assert.equal(root.status, 2);
  assert.equal(root.attributes["error.type"], "NotAuthorized");
  await publisher.disconnect();
});

Deno.test("otlp traces: there must be a collector, which a reload can name, and a share", async () => {
  await using folder = await ConfigFolder.make();
  await using receiver = new OtlpReceiver();
  const configuration = (otlp: string) =>
    folder.write(
      "mailboxqtt.toml",
      `control = "control.sock"\ndata = "none"\n[[listener]]\nurl = "mqtt://127.0.0.1:0"\n${otlp}`,
    );
  await configuration("");
  await using program = new Program("--config", folder.config);
  const address = { hostname: "127.0.0.1", port: await program.port() };
  const { status, stderr } = await folder.control("trace", "on");
  assert.equal(status, 1);
  assert.match(stderr, /^Cannot trace: no collector is named.*otlp\.endpoint/);
  await configuration(
    `[otlp]\nendpoint = "${receiver.endpoint}"\ntraces = "100%"\n`,
  );
  assert.match(
    (await folder.control("reload")).stdout,
    /otlp\.endpoint has changed\notlp\.traces has changed\n$/,
  );
  assert.match(
    (await folder.control("trace", "status")).stdout,
    /^Traced are 100% of publishes\n/,
  );
  const client = await Client.connect(address);
  await client.publish("a", "", { qos: 1 });
  const { body } = await receiver.request("/v1/traces");
  assert.ok(body.resourceSpans.length > 0);
  await receiver.request("/v1/metrics");
  await configuration("");
  assert.equal((await folder.control("reload")).status, 0);
  assert.equal(
    (await folder.control("trace", "status")).stdout,
    "Nothing is traced\n",
  );
  await client.disconnect();
});

Deno.test("otlp traces: a collector that is away costs traces and one line, and nothing else", async () => {
  const { endpoint } = await (async () => {
    await using gone = new OtlpReceiver();
    return gone;
  })();
  await using folder = await ConfigFolder.make();
  class Impatient extends Program {
    protected static override readonly env = {
      OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
    };
  }
  await using program = new Impatient(
    ...["--listen", "mqtt://127.0.0.1:0", "--otlp", endpoint],
    ...["--otlp-traces=100%", "--control", folder.file("control.sock")],
  );
  const address = { hostname: "127.0.0.1", port: await program.port() };
  const client = await Client.connect(address);
  await client.publish("a", "", { qos: 1 });
  await program.line(/WARN.*Traces cannot be sent to the collector/);
  await client.publish("a", "", { qos: 1 });
  await until("its spans are lost", async () => {
    const { stdout } = await folder.control("trace", "status");
    return /So far 2 were traced, 0 spans sent, [4-9] spans lost/.test(stdout);
  });
  const warnings = program.lines.filter((line) =>
    line.includes("Traces cannot be sent")
  );
  assert.equal(warnings.length, 1);
  await client.publish("a", "", { qos: 1 });
  await client.disconnect();
  program.signal("SIGTERM");
  const { status, took } = await program.end();
  assert.equal(status, 0);
  assert.ok(took < 8000, `Ended after ${took} ms`);
});

Deno.test("trace: faulty flags are told before anything is asked", async () => {
  await using folder = await ConfigFolder.make();
  const cases: [string[], RegExp][] = [
    [["on", "--topic", "a/#/b"], /^Flag --topic cannot be "a\/#\/b"/],
    [["on", "--sample", "0.01"], /^Flag --sample .* did you mean 1%\?\n$/],
    [
      ["on", "--for", "2d"],
      /^Flag --for cannot be "2d": a time from 1s to 24h/,
    ],
    [["of"], /did you mean on\?|did you mean off\?/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await folder.control("trace", ...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, message);
  }
});
