import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { Log } from "../../core/log.ts";
import type { Uptime } from "../../core/uptime.ts";
import { CollectorNews } from "./collector_news.ts";
import type { Figure } from "../figure.ts";
import { type HrTime, hrTime } from "./hr_time.ts";
import { otlpResource } from "./otlp_resource.ts";

/** What {@linkcode OtlpMetrics} sends, and where. */
export interface OtlpMetricsOptions {
  /** The collector's address, without a path of its own: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  /** Milliseconds between two times. */
  readonly interval: number;
  /** All figures. */
  readonly figures: readonly Figure[];
  /** The program's version. */
  readonly version: string;
  /** How long it has run. */
  readonly uptime: Uptime;
  /** Where it says that it cannot send. */
  readonly log: Log;
}

/** What became of an export: 0 for sent. */
type Exported = Parameters<Parameters<OTLPMetricExporter["export"]>[1]>[0];

/**
 * Sends figures to a collector of OpenTelemetry, by OTLP over HTTP, again and again. Read from the same table as
 * Prometheus', they need no meter that everything is told to. The exporter takes headers and the rest from the
 * standard's own variables, `OTEL_EXPORTER_OTLP_…`.
 */
export class OtlpMetrics {
  readonly #options: OtlpMetricsOptions;
  readonly #exporter: OTLPMetricExporter;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #news: CollectorNews;

  /** Sends them now, and from then on. */
  constructor(options: OtlpMetricsOptions) {
    const { endpoint, interval } = options;
    this.#options = options;
    this.#news = new CollectorNews("Figures", options);
    this.#exporter = new OTLPMetricExporter({
      url: `${endpoint}/v1/metrics`,
      temporalityPreference: AggregationTemporality.CUMULATIVE,
    });
    this.#timer = setInterval(() => this.#send(), interval);
    this.#send();
  }

  /** Sends them a last time. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#send();
    await this.#exporter.shutdown();
  }

  async #send(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<Exported>();
    this.#exporter.export(this.#metrics(), resolve);
    const { code, error } = await promise;
    this.#news.take(
      code === 0 ? undefined : error ?? new Error("It refuses them"),
    );
  }

  #metrics(): ResourceMetrics {
    const { figures, version, uptime } = this.#options;
    const [startTime, endTime] = [uptime.startedAt, Date.now()].map(hrTime) as [
      HrTime,
      HrTime,
    ];
    return {
      resource: resourceFromAttributes(otlpResource(version)),
      scopeMetrics: [{
        scope: { name: "mailboxqtt", version },
        metrics: figures.map((figure) => metricOf(figure, startTime, endTime)),
      }],
    };
  }
}

function metricOf(
  figure: Figure,
  startTime: HrTime,
  endTime: HrTime,
): MetricData {
  const { name, help, type } = figure;
  const common = {
    descriptor: {
      name,
      description: help,
      unit: unitOf(name),
      // Floating point.
      valueType: 1,
      advice: {},
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const at = { startTime, endTime };
  if (figure.type === "histogram") {
    const { counts, sum } = figure.read();
    const value = {
      buckets: { boundaries: [...figure.bounds], counts: [...counts] },
      sum,
      count: counts.reduce((total, count) => total + count, 0),
    };
    return {
      ...common,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: [{ ...at, attributes: {}, value }],
    };
  }
  const dataPoints = figure.read().map(({ labels, value }) => ({
    ...at,
    attributes: labels,
    value,
  }));
  return type === "counter"
    ? {
      ...common,
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints,
    }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
}

/** What a figure is counted in, by the end of its name, as UCUM has it. */
function unitOf(name: string): string {
  const base = name.replace(/_total$/, "");
  if (base.endsWith("_seconds")) return "s";
  return base.endsWith("_bytes") ? "By" : "1";
}
