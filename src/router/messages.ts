// What the Router can be told: one union. handle.ts has a method for each, router.ts does what it says.

import type { FinishedPacket } from "../codec/packet.ts";
import type { DisconnectedCause } from "../core/counters.ts";
import type { Link } from "../session/session.ts";
import type { RightsSource } from "../session/rights.ts";
import type { AlarmChange } from "./delivery/alarms.ts";
import type { SystemSource, SystemText } from "./delivery/system_messages.ts";
import type { Tracer } from "./delivery/tracer.ts";
import type { Arrival } from "./sessions/connack.ts";
import type { Registry } from "./sessions/registry.ts";
import type { Task } from "./sessions/subscriptions.ts";
import type { StoreReader } from "../store/store.ts";

/** All packets decoded from one read. They borrow the read buffer until `done` is called. */
export interface Bundle {
  /** What tells it from the other messages. */
  readonly type: "bundle";
  /** The connection that it was read from. */
  readonly link: Link;
  /** In the order in which they were sent. */
  readonly packets: readonly FinishedPacket[];
  /** The packet that is worked on. */
  next: number;
  /** What is left to do of it. */
  task: Task | undefined;
  /** When it was put into the mailbox, in milliseconds of `performance.now()`; `undefined` where that is not measured. */
  readonly since: number | undefined;
  /** Called once when the Router needs the buffer no more. */
  readonly done: () => void;
}

/** What the Router can be told. All but bundles come by the urgent lane, in the order in which they were sent. */
export type RouterMessage =
  | Bundle
  /** A client may come in. */
  | { type: "connect"; arrival: Arrival }
  /** A connection has ended. */
  | { type: "disconnected"; link: Link; cause: DisconnectedCause }
  /** An Outbox has drained whose Link wanted to know. */
  | { type: "drained"; link: Link }
  /** The Store has committed something. */
  | { type: "committed" }
  /** The Store has told everything that it held. */
  | { type: "restored" }
  /** A Store has opened after the first client came: this tells what it holds. */
  | { type: "takeOver"; tell: (reader: StoreReader) => void }
  /** More time has passed before the start than the clock counts. */
  | { type: "timePassed"; milliseconds: number }
  /** The Store may have lost what it had: it is to be kept again. */
  | { type: "keepAgain" }
  /** Other rules hold. */
  | { type: "rights"; source: RightsSource | undefined }
  /** Publishes are traced by another tracer, or no more. */
  | { type: "trace"; tracer: Tracer | undefined }
  /** An alarm begins or ends. */
  | { type: "alarm"; change: AlarmChange }
  /** Where `$SYS` topics come from when a client subscribes to them. */
  | { type: "systemSource"; source: SystemSource }
  /** It is time to publish what has changed below `$SYS`. */
  | { type: "system"; changes: (heard: boolean) => Iterable<SystemText> }
  /** Somebody wants to know something about the sessions, or have something done to one. */
  | { type: "ask"; answer: (registry: Registry) => void }
  /** There is work left of a turn that no message began. */
  | { type: "workLeft" };
