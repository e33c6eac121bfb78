// What the Router can be told, and how.

import type { Clock } from "../core/clock.ts";
import type { Counters, DisconnectedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { FinishedPacket, Publish } from "../codec/packet.ts";
import type { DiskRoom } from "../store/disk_room.ts";
import type { Store, StoreReader } from "../store/store.ts";
import type { Link } from "../session/session.ts";
import type { QueuePolicies } from "../session/queue_policy.ts";
import type { RightsSource } from "../session/rights.ts";
import type { AlarmChange } from "./delivery/alarms.ts";
import type { DurabilityRules } from "./topics/durability_rules.ts";
import type { MemoryGovernor } from "./memory_governor.ts";
import type { Arrival } from "./sessions/connack.ts";
import type { Registry } from "./sessions/registry.ts";
import type { Task } from "./sessions/subscriptions.ts";
import type { Tracer } from "./delivery/tracer.ts";

/** All packets decoded from one read. They borrow the read buffer until `done` is called. */
export interface Batch {
  /** What tells it from the other messages. */
  readonly type: "batch";
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

/** What the Router can be told. */
export type RouterMessage =
  | Batch
  | { type: "connect"; arrival: Arrival }
  | { type: "disconnected"; link: Link; cause: DisconnectedCause }
  | { type: "drained"; link: Link }
  | { type: "alarm"; change: AlarmChange }
  | { type: "ask"; answer: () => void }
  | { type: "committed" }
  /** There is work left of a turn that no message began. */
  | { type: "workLeft" };

/** What the Router is made with. */
export interface RouterOptions {
  /** What clients may use. */
  readonly limits: Limits;
  /** Where drops and refusals are counted. */
  readonly counters: Counters;
  /** Where it tells of slow consumers and faults. */
  readonly log: Log;
  /** The time of expiry, wills and sessions. */
  readonly clock: Clock;
  /** Where it keeps what must last. */
  readonly store: Store;
  /** What becomes of messages where there are too many; left out, {@linkcode DEFAULT_QUEUE_POLICIES}. */
  readonly queuePolicies?: QueuePolicies;
  /** What of it; left out, all. */
  readonly durability?: DurabilityRules;
  /** Who may do what; left out, nothing is forbidden. */
  readonly rights?: RightsSource;
}

/** The broker's own messages: retained, below `$SYS`. */
export interface SystemTopics {
  /** Whether anybody has subscribed to any of them. */
  readonly heard: boolean;
  /** Calls back when somebody is about to subscribe to some of them. Only {@linkcode keep} may be called from there. */
  onSubscribe(callback: () => void): void;
  /** Puts a message in the place of the retained one of its topic, for who subscribes. */
  keep(topic: string, text: string): void;
  /** Keeps messages, each a topic and a text, and sends them to who has subscribed. */
  publish(messages: readonly (readonly [string, string])[]): void;
}

/** How the rest of the broker talks to the Router. */
export interface RouterHandle {
  /** Lets a client in; its `accepted` is called when CONNACK is on its way. */
  connect(arrival: Arrival): void;
  /** Hands a batch over; resolves when the read buffer may be used again. */
  submit(link: Link, packets: readonly FinishedPacket[]): Promise<void>;
  /** Says that a connection has ended, and why. */
  disconnected(link: Link, cause: DisconnectedCause): void;
  /** Says that an Outbox has drained whose Link wanted to know. */
  drained(link: Link): void;
  /** Says that the Store has committed something. */
  committed(): void;
  /** Raises the alarm `$SYS/broker/alarm/<name>` about this matter, in one sentence, in place of an earlier one. */
  raise(name: string, matter: string, sentence: string): void;
  /** Says that this matter is over; with its last one the alarm goes. */
  clear(name: string, matter: string): void;
  /** What is the matter now: each alarm's name with a sentence. */
  alarms(): readonly (readonly [string, string])[];
  /** Publishes the broker's own messages. */
  readonly system: SystemTopics;
  /** Asks something about the sessions, or has something done to one, in a turn of the Router. */
  ask<Answer>(question: (registry: Registry) => Answer): Promise<Answer>;
  /** Says how much memory there is for messages. */
  readonly governor: MemoryGovernor;
  /** Says whether there is room on the disk; to be told what the Store says of it. */
  readonly disk: DiskRoom;
  /** Whether a PUBLISH of a client that cannot be refused anything must wait until there is room. */
  waits(link: Link, packet: Publish): boolean;
  /** Says that the clock was set: what is told from now on is judged by it. */
  clockSet(): void;
  /** Takes what the Store held, before the first client comes. */
  readonly restore: StoreReader;
  /** Has all sessions and what belongs to them kept once more, but for messages: the Store may have lost some. */
  keepAgain(): void;
  /** Says that this was all: what it held goes on from here. */
  restored(): void;
  /** Has other rules hold from now on, when it returns, for sessions that are there too; without any, all is allowed. */
  changeRights(source: RightsSource | undefined): void;
  /** Has publishes followed for this one from now on. Without any, none are, and those under way are given up. */
  trace(tracer: Tracer | undefined): void;
  /** Ends the Router; what waits in its mailbox is dropped. Resolves when it has ended. */
  close(): Promise<void>;
}
