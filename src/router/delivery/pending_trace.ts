import type { Link } from "../../session/session.ts";
import type { BatchNumber } from "../../store/store.ts";
import type { PublishTrace, TraceDelivery } from "./tracer.ts";
import type { ObservedDelivery, ObservedLink } from "./delivery_observer.ts";

/** What is known of a PUBLISH before it is routed. */
export type TraceStart = Pick<
  PublishTrace,
  | "clientId"
  | "topic"
  | "qos"
  | "retain"
  | "version"
  | "payloadBytes"
  | "submittedAt"
  | "begunAt"
>;

/** What is known of it then. */
export type TraceRouting =
  & Pick<
    PublishTrace,
    "routedAt" | "reason" | "detail" | "subscribers" | "waitsForStore"
  >
  & Omit<ObservedDelivery, "links">;

/** What an {@linkcode PendingTrace} is made with. */
export interface PendingTraceOptions extends TraceStart {
  /** Told how it fared, once it has. */
  readonly tell: (publishTrace: PublishTrace) => void;
  /** Told that it is open no more. */
  readonly closed: (publishTrace: PendingTrace) => void;
}

/** A delivery whose bytes the socket has not taken. */
export interface WaitingDelivery extends TraceDelivery {
  /** The Link that was given them. */
  readonly link: Link;
  /** The batch for which they wait at the gate, 0 if they did not. */
  readonly commitBatch: BatchNumber;
  /** Bytes that must have left the Outbox, since the beginning. */
  position: number;
  /** Has the Link watched no more. */
  readonly unwatch: () => void;
}

/** A PUBLISH that was not yet written to all its receivers, or not yet committed. */
export class PendingTrace {
  /** Its QoS. */
  readonly qos: PublishTrace["qos"];
  /** The deliveries under way. */
  readonly waiting: Set<WaitingDelivery> = new Set();
  readonly #options: PendingTraceOptions;
  #routing: TraceRouting | undefined;
  #deliveries: readonly WaitingDelivery[] = [];
  #committedAt: number | undefined;
  #ended = false;

  /** Begins. */
  constructor(options: PendingTraceOptions) {
    this.#options = options;
    this.qos = options.qos;
  }

  /** Takes how it was routed, and watches the Links that were given it. */
  routed(routing: TraceRouting, links: readonly ObservedLink[]): void {
    this.#routing = routing;
    this.#deliveries = links.map((observed) =>
      this.#watch(observed, routing.routedAt)
    );
  }

  /** Its publisher may be told, at this time. */
  committed(at: number): void {
    if (this.#ended) return;
    this.#committedAt = at;
    this.settle();
  }

  /** What waited at a gate has entered the Outbox, at this time. */
  released(delivery: WaitingDelivery, at: number): void {
    delivery.releasedAt = at;
    delivery.position = delivery.link.outbox.appended;
  }

  /** Ends if there is nothing left to wait for. */
  settle(): void {
    const { waitsForStore } = this.#routing!;
    if (waitsForStore && this.#committedAt === undefined) return;
    if (this.waiting.size === 0) this.#end(false);
  }

  /** Ends at this time, whatever is under way. */
  giveUp(at: number): void {
    for (const delivery of this.waiting) this.#over(delivery, "unfinished", at);
    this.#end(true, at);
  }

  #watch(
    { clientId, link, commitBatch, position }: ObservedLink,
    at: number,
  ): WaitingDelivery {
    const delivery: WaitingDelivery = {
      clientId,
      releasedAt: commitBatch === 0 ? at : undefined,
      endedAt: at,
      outcome: "unfinished",
      link,
      commitBatch,
      position: commitBatch === 0 ? position : Infinity,
      unwatch: link.watch(() => this.#look(delivery)),
    };
    this.waiting.add(delivery);
    return delivery;
  }

  /** Looks how far a Link has come. */
  #look(delivery: WaitingDelivery): void {
    const { link: { outbox, ended }, position } = delivery;
    const isWritten = outbox.appended - outbox.bytes >= position;
    if (!isWritten && !ended) return;
    const outcome = isWritten ? "written" : "disconnected";
    this.#over(delivery, outcome, performance.now());
    this.settle();
  }

  #over(
    delivery: WaitingDelivery,
    outcome: TraceDelivery["outcome"],
    at: number,
  ): void {
    delivery.outcome = outcome;
    delivery.endedAt = at;
    delivery.unwatch();
    this.waiting.delete(delivery);
  }

  #end(unfinished: boolean, at = 0): void {
    this.#ended = true;
    const { tell, closed, ...start } = this.#options;
    const routing = this.#routing!;
    closed(this);
    tell({
      ...start,
      ...routing,
      committedAt: this.#committedAt,
      deliveries: this.#deliveries,
      endedAt: Math.max(
        at,
        routing.routedAt,
        this.#committedAt ?? 0,
        ...this.#deliveries.map(({ endedAt }) => endedAt),
      ),
      unfinished,
    });
  }
}
