import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Log } from "../../core/log.ts";
import type { Tracer } from "../../router/delivery/tracer.ts";
import { CollectorNews } from "./collector_news.ts";
import { otlpResource } from "./otlp_resource.ts";
import { PublishTracer } from "./publish_tracer.ts";
import { SpanSender } from "./span_sender.ts";
import type { TracePlan } from "../trace_plan.ts";

/** What {@linkcode OtlpTraces} sends, and where. */
export interface OtlpTracesOptions {
  /** The collector's address, without a path of its own: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  /** The program's version. */
  readonly version: string;
  /** Where it says that it cannot send. */
  readonly log: Log;
}

/** What became of traces since they are sent. */
export interface TraceCounts {
  /** Publishes that were followed to their end. */
  traced: number;
  /** Publishes that were not followed, since there were too many. */
  notFollowed: number;
  /** Spans that the collector has taken. */
  sent: number;
  /** Spans that it never got: it was away, or more came than could be sent. */
  lost: number;
}

/** Sends traces of publishes to a collector of OpenTelemetry, by OTLP over HTTP. There can be one at a time. */
export class OtlpTraces {
  /** What became of them. */
  readonly counts: TraceCounts = {
    traced: 0,
    notFollowed: 0,
    sent: 0,
    lost: 0,
  };
  readonly #options: OtlpTracesOptions;
  readonly #provider: TracerProvider;
  #hasTold = false;

  /** Sends nothing yet. */
  constructor(options: OtlpTracesOptions) {
    const { endpoint, version } = options;
    this.#options = options;
    const news = new CollectorNews("Traces", options);
    const sender = new SpanSender({
      exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }),
      onSent: (spans, error) => {
        news.take(error);
        this.counts[error === undefined ? "sent" : "lost"] += spans;
      },
      onDropped: () => {
        this.counts.lost++;
        this.#tellDrops();
      },
    });
    this.#provider = new TracerProvider({
      // Which publishes are traced is known before.
      sampler: new AlwaysOnSampler(),
      resource: resourceFromAttributes(otlpResource(version)),
      spanProcessors: [sender],
    });
    trace.setGlobalTracerProvider(this.#provider);
  }

  /** Follows the publishes of a plan. */
  tracer(plan: TracePlan): Tracer {
    return new PublishTracer({
      plan,
      version: this.#options.version,
      random: Math.random,
      now: () => performance.now(),
      onTraced: () => this.counts.traced++,
      onTooMany: () => {
        this.counts.notFollowed++;
        this.#tellDrops();
      },
    });
  }

  /** Sends what waits a last time. */
  async close(): Promise<void> {
    trace.disable();
    await this.#provider.shutdown();
  }

  #tellDrops(): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    this.#options.log.warn(
      "Not all is traced: more comes than can be followed or sent. A smaller share, or a narrower topic filter, helps",
    );
  }
}
