import type { ByQos } from "../core/counters.ts";
import type { Histogram } from "../core/histogram.ts";
import type {
  Figure,
  HistogramFigure,
  NumberFigure,
  Sample,
} from "./figure.ts";

/** The name and the help of a figure of this broker. */
export function named(
  name: string,
  help: string,
): Pick<Figure, "name" | "help"> {
  return { name: `mailboxqtt_${name}`, help };
}

/** One value. */
export function sample(labels: Sample["labels"], value: number): Sample {
  return { labels, value };
}

/** One number that only grows. */
export function counter(
  name: string,
  help: string,
  read: () => number,
): NumberFigure {
  const value = () => [sample({}, read())];
  return { ...named(name, help), type: "counter", read: value };
}

/** One number that goes up and down. */
export function gauge(
  name: string,
  help: string,
  read: () => number,
): NumberFigure {
  return {
    ...named(name, help),
    type: "gauge",
    read: () => [sample({}, read())],
  };
}

/** What is counted for each QoS. */
export function byQos(name: string, help: string, counts: ByQos): NumberFigure {
  return {
    ...named(name, help),
    type: "counter",
    read: () => [
      sample({ qos: "0" }, counts.qos0),
      sample({ qos: "1" }, counts.qos1),
      sample({ qos: "2" }, counts.qos2),
    ],
  };
}

/** What is counted by causes, or other keys of the counters. */
export function byLabel(
  name: string,
  help: string,
  label: string,
  counts: Readonly<Record<string, number>>,
): NumberFigure {
  return {
    ...named(name, help),
    type: "counter",
    read: () =>
      Object.entries(counts).map(([key, value]) =>
        sample({ [label]: snakeCase(key) }, value)
      ),
  };
}

/** How often something took how long. */
export function durations(
  name: string,
  help: string,
  histogram: Histogram,
): HistogramFigure {
  return {
    ...named(name, help),
    type: "histogram",
    bounds: histogram.bounds,
    read: () => histogram.snapshot(),
  };
}

/** `slowConsumer` as labels and topics are written: `slow_consumer`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
