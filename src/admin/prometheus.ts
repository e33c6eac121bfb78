import { type Metric, Registry } from "prom-client";
import type { Figure, HistogramFigure } from "./figure.ts";

/** Figures in the form that Prometheus reads. */
export class Prometheus {
  readonly #registry = new Registry();

  /** Shows these, each as it is when it is asked for. */
  constructor(figures: readonly Figure[]) {
    for (const figure of figures) {
      // It takes whatever can be asked for its values.
      this.#registry.registerMetric(metricOf(figure) as unknown as Metric);
    }
  }

  /** The media type of {@linkcode Prometheus.text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures as they are now. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** One line of a metric. */
interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

function metricOf(figure: Figure) {
  const { name, help, type } = figure;
  const values = (): readonly Value[] =>
    figure.type === "histogram" ? bucketsOf(figure) : figure.read();
  const get = () =>
    Promise.resolve({ name, help, type, aggregator: "sum", values: values() });
  return { name, help, get, collect: undefined };
}

/** A histogram's buckets, each with all that are below it, as Prometheus counts. */
function bucketsOf({ name, bounds, read }: HistogramFigure): Value[] {
  const { counts, sum } = read();
  const values: Value[] = [];
  let total = 0;
  for (const [at, count] of counts.entries()) {
    total += count;
    const le = bounds[at] ?? "+Inf";
    values.push({ metricName: `${name}_bucket`, labels: { le }, value: total });
  }
  return [
    ...values,
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: total },
  ];
}
