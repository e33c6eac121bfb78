import type { ProtocolVersion, Publish, QoS } from "../../codec/packet.ts";
import type { ReasonCode } from "../../codec/reason_code.ts";

/** The way of one PUBLISH to one receiver, once its bytes were put into the receiver's Outbox or behind its gate. */
export interface TraceDelivery {
  /** Who receives it. */
  readonly clientId: string;
  /** When it might leave; `undefined` where the disk held it up until the end. */
  releasedAt: number | undefined;
  /** When the socket had taken all of it, or it was clear that it would not. */
  endedAt: number;
  /** What became of it. */
  outcome: "written" | "disconnected" | "unfinished";
}

/** How one PUBLISH fared. All times are in milliseconds of `performance.now()`. */
export interface PublishTrace {
  /** Its publisher. */
  readonly clientId: string;
  /** Its topic. */
  readonly topic: string;
  /** Its QoS. */
  readonly qos: QoS;
  /** Its RETAIN flag. */
  readonly retain: boolean;
  /** The protocol that its publisher speaks. */
  readonly version: ProtocolVersion;
  /** Bytes of its payload. */
  readonly payloadBytes: number;
  /** When the batch that it came in was handed to the Router; `undefined` if it was before tracing began. */
  readonly submittedAt: number | undefined;
  /** When the Router began to route it. */
  readonly begunAt: number;
  /** When it had been put where its receivers are sent it from. */
  readonly routedAt: number;
  /** What its publisher is told, or would be at a higher QoS. */
  readonly reason: ReasonCode;
  /** What there is to add to that. */
  readonly detail: string | undefined;
  /** Sessions and shared groups that have subscribed to its topic. */
  readonly subscribers: number;
  /** Whether an answer to the publisher had to wait for the disk. */
  readonly waitsForStore: boolean;
  /** When it was committed; `undefined` if it never was, or need not be. */
  readonly committedAt: number | undefined;
  /** Where it went at once: the first of them. */
  readonly deliveries: readonly TraceDelivery[];
  /** How many more there were. */
  readonly moreDeliveries: number;
  /** For whom it waits, offline or busy: the first of them, client identifiers and shared groups. */
  readonly queued: readonly string[];
  /** How many more there were. */
  readonly moreQueued: number;
  /** Messages that were dropped while it was routed, by their causes. */
  readonly dropped: readonly (readonly [cause: string, messages: number])[];
  /** When all of that was over. */
  readonly endedAt: number;
  /** Whether it was given up before. */
  readonly unfinished: boolean;
}

/** Whose PUBLISH it is, and to what. */
export interface TraceOrigin {
  /** Its publisher. */
  readonly clientId: string;
  /** Its topic. */
  readonly topic: string;
}

/** Whoever wants to know how publishes fare. */
export interface Tracer {
  /**
   * Looks at a PUBLISH that is about to be routed, which borrows the read buffer. Returns who is told how it fared, once
   * it has; `undefined` where nobody wants to know.
   */
  begin(
    publish: Publish,
    origin: TraceOrigin,
  ): ((publishTrace: PublishTrace) => void) | undefined;
  /** Told that one more is not followed, since too many are on their way. */
  tooMany(): void;
}
