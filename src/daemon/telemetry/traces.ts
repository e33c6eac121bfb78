// Loaded only where something is traced: what it needs takes memory.

import {
  OtlpTraces,
  type OtlpTracesOptions,
} from "../../admin/telemetry/otlp_traces.ts";
import { describePlan, type TracePlan } from "../../admin/trace_plan.ts";
import type { Broker } from "../../broker.ts";
import { formatDuration } from "../../terminal/human.ts";

/** What {@linkcode Traces} work with. */
export interface TracesOptions extends OtlpTracesOptions {
  /** The broker. */
  readonly broker: Pick<Broker, "trace">;
}

/** For how long something is traced, and what is traced afterwards. */
export interface TraceTime {
  /** How long. */
  readonly milliseconds: number;
  /** What afterwards; `undefined` for nothing. */
  readonly next: TracePlan | undefined;
}

/** What a broker traces, and what became of that so far. */
export class Traces {
  readonly #options: TracesOptions;
  readonly #traces: OtlpTraces;
  #plan: TracePlan | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the plan holds no more, in milliseconds of `performance.now()`. */
  #endsAt: number | undefined;

  /** Nothing is traced yet. */
  constructor(options: TracesOptions) {
    this.#options = options;
    this.#traces = new OtlpTraces(options);
  }

  /** Traces by this plan from now on, for some time or for good; without one nothing. */
  follow(plan: TracePlan | undefined, time?: TraceTime): void {
    clearTimeout(this.#timer);
    this.#timer = this.#endsAt = undefined;
    this.#plan = plan;
    const { broker } = this.#options;
    broker.trace(plan && this.#traces.tracer(plan));
    if (time === undefined) return;
    const { milliseconds, next } = time;
    this.#endsAt = performance.now() + milliseconds;
    this.#timer = setTimeout(() => this.follow(next), milliseconds);
  }

  /** What is traced, in a sentence, and in another one what was so far. */
  get state(): string {
    return `${this.#what}\n${this.#soFar}`;
  }

  /** Traces nothing any more, and sends what is there a last time. */
  async close(): Promise<void> {
    this.follow(undefined);
    await this.#traces.close();
  }

  get #what(): string {
    if (this.#plan === undefined) return "Nothing is traced";
    const what = `Traced are ${describePlan(this.#plan)}`;
    if (this.#endsAt === undefined) return what;
    const left = Math.max(0, this.#endsAt - performance.now());
    // To the second, as people count them who have just switched it on.
    return `${what}, for ${formatDuration(Math.ceil(left / 1000) * 1000)}`;
  }

  get #soFar(): string {
    const { traced, notFollowed, sent, lost } = this.#traces.counts;
    const parts = [`${traced} were traced`, `${sent} spans sent`];
    if (lost > 0) parts.push(`${lost} spans lost`);
    if (notFollowed > 0) parts.push(`${notFollowed} not followed`);
    return `So far ${parts.join(", ")}`;
  }
}
