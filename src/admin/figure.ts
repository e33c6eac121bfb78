// What the broker tells about itself in numbers: the form that Prometheus, OpenTelemetry and `$SYS` are fed from.

import type { HistogramSnapshot } from "../core/histogram.ts";

/** One value, and what tells it from the others of its figure. */
export interface Sample {
  /** Such as `{ qos: "1" }`; names and values as Prometheus shows them. */
  readonly labels: Readonly<Record<string, string>>;
  /** In the unit that the figure's name ends in: seconds, bytes, or a plain count. */
  readonly value: number;
}

/** A number that only grows (`counter`), or one that goes up and down (`gauge`). */
export interface NumberFigure {
  /** Its name, as in `mailboxqtt_messages_received_total`; base units, `_total` for counters. */
  readonly name: string;
  /** What it counts or measures, in a sentence. */
  readonly help: string;
  /** Whether it only grows. */
  readonly type: "counter" | "gauge";
  /** Its values now. Called when somebody asks, never on the way of a message. */
  readonly read: () => readonly Sample[];
}

/** How often something took how long. */
export interface HistogramFigure {
  /** Its name, as in `mailboxqtt_commit_duration_seconds`. */
  readonly name: string;
  /** What it measures, in a sentence. */
  readonly help: string;
  /** Tells it from a {@linkcode NumberFigure}. */
  readonly type: "histogram";
  /** The upper bounds of its buckets, rising, in seconds; one more bucket takes what is above the last. */
  readonly bounds: readonly number[];
  /** What it holds now. */
  readonly read: () => HistogramSnapshot;
}

/** Any of them. */
export type Figure = NumberFigure | HistogramFigure;
