import { TokenBucket } from "../../auth/limits/token_bucket.ts";
import type { Publish } from "../../codec/packet.ts";
import type {
  PublishTrace,
  TraceOrigin,
  Tracer,
} from "../../router/delivery/tracer.ts";
import { writeSpans } from "./publish_spans.ts";
import { parentOf } from "./trace_context.ts";
import { isMeant, isSampled, type TracePlan } from "../trace_plan.ts";

/** What a {@linkcode PublishTracer} works with. */
export interface PublishTracerOptions {
  /** Which publishes it follows. */
  readonly plan: TracePlan;
  /** The program's version, with which their spans are signed. */
  readonly version: string;
  /** A number from 0 up to 1, another one with each call. */
  readonly random: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Told of each publish that was followed to its end. */
  readonly onTraced: () => void;
  /** Told of each publish that was not followed, since there were too many. */
  readonly onTooMany: () => void;
}

/** Milliseconds by which the machine's clock may be off before it counts as set. */
const DRIFT = 5;
/** Publishes that are followed in a second, at most: each costs some 40 µs, which must not slow down all others. */
const MOST_A_SECOND = 1000;

/** Follows publishes by a plan, and makes spans of them. */
export class PublishTracer implements Tracer {
  readonly #options: PublishTracerOptions;
  readonly #allowance: TokenBucket;
  #epoch = epoch();

  /** Follows them by this plan. */
  constructor(options: PublishTracerOptions) {
    this.#options = options;
    this.#allowance = new TokenBucket(MOST_A_SECOND, options.now());
  }

  begin(
    publish: Publish,
    origin: TraceOrigin,
  ): ((publishTrace: PublishTrace) => void) | undefined {
    const { plan, random, now } = this.#options;
    if (!isMeant(plan, origin)) return undefined;
    const parent = parentOf(publish);
    if (!isSampled(plan, parent, random())) return undefined;
    if (!this.#allowance.takeOne(now())) {
      this.tooMany();
      return undefined;
    }
    return (publishTrace) => {
      const { version, onTraced } = this.#options;
      const template = plan.topic;
      writeSpans(publishTrace, {
        version,
        parent,
        template,
        epoch: this.#currentEpoch(),
      });
      onTraced();
    };
  }

  tooMany(): void {
    this.#options.onTooMany();
  }

  /** Where steady time begins: the same for all spans, until somebody sets the machine's clock. */
  #currentEpoch(): number {
    const now = epoch();
    if (Math.abs(now - this.#epoch) > DRIFT) this.#epoch = now;
    return this.#epoch;
  }
}

/** The machine's time when `performance.now()` was 0. */
function epoch(): number {
  return Date.now() - performance.now();
}
