import type { Publish } from "../../codec/packet.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import type { Timers } from "../../core/timer_wheel.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Session } from "../../session/session.ts";
import type { BatchNumber } from "../../store/store.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { PendingTrace } from "./pending_trace.ts";
import type { TopicEntry } from "./topic_table.ts";
import type { Tracer } from "./tracer.ts";
import { DeliveryObserver } from "./delivery_observer.ts";

/** What {@linkcode Tracing} works with. */
export interface TracingOptions {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** Hands messages to subscribers. */
  readonly dispatcher: Dispatcher;
  /** Call when what is under way takes too long. */
  readonly timers: Timers;
}

/** What became of a PUBLISH, as its publisher is told. */
export interface PublishOutcome {
  /** The answer. */
  readonly reason: ReasonCode;
  /** The batch that must be committed before. */
  readonly batch: BatchNumber;
  /** What there is to add. */
  readonly detail: string | undefined;
}

/** A PUBLISH that is being routed and followed. */
export interface Following {
  /** Saw how things were before. */
  readonly observer: DeliveryObserver;
  /** What is known of it, and who wants to know. */
  readonly publishTrace: PendingTrace;
}

/** Publishes that are followed at the same time. */
const MOST_OPEN = 1000;

/** Milliseconds after which a publish that is still under way is given up, at least; twice as many at most. */
const PATIENCE = 30_000;

/**
 * Follows publishes on their way, for a {@linkcode Tracer}. What dispatches them knows nothing of it: it is seen from
 * outside which Links were given something while one was routed.
 */
export class Tracing {
  /** Who wants to know, if anybody does. To be changed with {@linkcode Tracing.change}. */
  tracer: Tracer | undefined;
  /** When the batch that is worked on was handed to the Router. */
  submittedAt: number | undefined;
  readonly #options: TracingOptions;
  /** In the order in which they began. */
  readonly #open = new Set<PendingTrace>();
  readonly #close = (publishTrace: PendingTrace): void =>
    void this.#open.delete(publishTrace);
  #timerRuns = false;
  /** Those that were under way already when the timer was set. */
  #old: readonly PendingTrace[] = [];

  /** Follows nothing yet. */
  constructor(options: TracingOptions) {
    this.#options = options;
  }

  /** Has another one be told from now on. Without any, what is under way is given up. */
  change(tracer: Tracer | undefined): void {
    this.tracer = tracer;
    if (tracer !== undefined) return;
    for (const publishTrace of this.#open) {
      publishTrace.giveUp(performance.now());
    }
  }

  /** Begins to follow a PUBLISH that is about to be routed, if it is one of those that somebody asks for. */
  begin(
    session: Session,
    packet: Publish,
    topic: TopicEntry,
  ): Following | undefined {
    const origin = { clientId: session.clientId, topic: topic.text };
    const tell = this.tracer!.begin(packet, origin);
    if (tell === undefined) return undefined;
    if (this.#open.size >= MOST_OPEN) {
      this.tracer!.tooMany();
      return undefined;
    }
    const { context, dispatcher } = this.#options;
    // What came before goes its own way first.
    dispatcher.flushRun();
    const start = { submittedAt: this.submittedAt, begunAt: performance.now() };
    return {
      publishTrace: new PendingTrace({
        ...origin,
        ...start,
        qos: packet.qos,
        retain: packet.retain,
        version: packet.version,
        payloadBytes: packet.end - packet.payloadStart,
        tell,
        closed: this.#close,
      }),
      observer: new DeliveryObserver(context, session, {
        route: dispatcher.routeOf(topic),
        answers: packet.qos > 0 ? 1 : 0,
      }),
    };
  }

  /** Goes on with it once it is routed; without an outcome all went as it should. */
  routed(
    { observer, publishTrace }: Following,
    outcome: PublishOutcome | undefined,
  ): void {
    const { context, dispatcher } = this.#options;
    dispatcher.flushRun();
    const { subscribers } = observer;
    const {
      reason = subscribers > 0
        ? ReasonCode.Success
        : ReasonCode.NoMatchingSubscribers,
      batch = 0,
      detail,
    } = outcome ?? {};
    const waitsForStore = publishTrace.qos > 0 &&
      batch > context.store.committed;
    const { links, ...others } = observer.compare();
    const routing = { reason, detail, subscribers, waitsForStore, ...others };
    publishTrace.routed({ routedAt: performance.now(), ...routing }, links);
    this.#open.add(publishTrace);
    if (waitsForStore) {
      context.whenCommitted(
        undefined,
        batch,
        () => publishTrace.committed(performance.now()),
      );
    }
    for (const delivery of publishTrace.waiting) {
      const { commitBatch } = delivery;
      if (commitBatch === 0) continue;
      context.whenCommitted(
        undefined,
        commitBatch,
        () => publishTrace.released(delivery, performance.now()),
      );
    }
    publishTrace.settle();
    if (this.#open.size > 0) this.#startTimer();
  }

  #startTimer(): void {
    if (this.#timerRuns) return;
    this.#timerRuns = true;
    this.#old = [...this.#open];
    this.#options.timers.schedule(PATIENCE, () => {
      this.#timerRuns = false;
      for (const publishTrace of this.#old) {
        if (this.#open.has(publishTrace)) {
          publishTrace.giveUp(performance.now());
        }
      }
      this.#old = [];
      if (this.#open.size > 0) this.#startTimer();
    });
  }
}
