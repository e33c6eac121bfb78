// How the rest of the broker talks to the Router: each method that changes something puts a message into its mailbox.

import type { Mailbox } from "../core/mailbox.ts";
import type { FinishedPacket, Publish } from "../codec/packet.ts";
import type { DisconnectedCause } from "../core/counters.ts";
import type { DiskRoom } from "../store/disk_room.ts";
import type { RightsSource } from "../session/rights.ts";
import type { Link } from "../session/session.ts";
import type { SystemSource, SystemText } from "./delivery/system_messages.ts";
import type { Tracer } from "./delivery/tracer.ts";
import type { MemoryGovernor } from "./memory_governor.ts";
import type { RouterMessage } from "./messages.ts";
import type { Arrival } from "./sessions/connack.ts";
import type { Registry } from "./sessions/registry.ts";
import type { Restore } from "./sessions/restore.ts";
import type { StoreReader } from "../store/store.ts";

/**
 * One bundle in this many is timed while nothing is traced: two looks at the clock for each would cost more than 2 % of
 * throughput.
 */
const TIMED = 16;

/**
 * What others read of the Router without asking, since they run on its thread and ask for each read of each client. The
 * Router writes it in its turns; who else writes what is said at each.
 */
export interface RouterView {
  /** How much memory there is for messages. Connections add to it what they hold back. */
  readonly governor: MemoryGovernor;
  /** Whether there is room on the disk. The Store's reports are put in by the composition root. */
  readonly disk: DiskRoom;
  /** Whether a PUBLISH of a client that cannot be refused anything must wait until there is room. */
  waits(link: Link, packet: Publish): boolean;
  /** What is the matter now: each alarm's name with a sentence. */
  alarms(): readonly (readonly [string, string])[];
  /** Whether publishes are traced, so that each bundle is timed. */
  traces(): boolean;
}

/** What a {@linkcode RouterHandle} is made of. */
export interface RouterHandleOptions {
  /** The Router's mailbox. */
  readonly mailbox: Mailbox<RouterMessage>;
  /** What may be read without asking. */
  readonly view: RouterView;
  /** Takes what the Store held. */
  readonly restore: Restore;
  /** Ends the Router. */
  readonly close: () => Promise<void>;
}

/** How the rest of the broker talks to the Router. */
export class RouterHandle {
  /** What may be read without asking. */
  readonly view: RouterView;
  /** Takes what the Store held. Called directly, before {@linkcode RouterHandle.restored}: no client is there yet. */
  readonly restore: Restore;
  /** Ends the Router; what waits in its mailbox is dropped. Resolves when it has ended. */
  readonly close: () => Promise<void>;
  readonly #mailbox: Mailbox<RouterMessage>;
  #bundles = 0;

  /** Talks to the Router of this mailbox. */
  constructor(options: RouterHandleOptions) {
    this.view = options.view;
    this.restore = options.restore;
    this.close = options.close;
    this.#mailbox = options.mailbox;
  }

  /** Hands over the packets of one read; resolves when the read buffer may be used again. */
  submit(link: Link, packets: readonly FinishedPacket[]): Promise<void> {
    const { promise, resolve: done } = Promise.withResolvers<void>();
    const isTimed = this.#bundles++ % TIMED === 0 || this.view.traces();
    const since = isTimed ? performance.now() : undefined;
    const start = { next: 0, task: undefined, since };
    const bundle = { type: "bundle", link, packets, ...start, done } as const;
    const mailbox = this.#mailbox;
    if (!mailbox.trySend(bundle)) mailbox.send(bundle).catch(done);
    return promise;
  }

  /** Lets a client in; its `accepted` is called when CONNACK is on its way. */
  connect(arrival: Arrival): void {
    this.#mailbox.sendUrgent({ type: "connect", arrival });
  }

  /** Says that a connection has ended, and why. */
  disconnected(link: Link, cause: DisconnectedCause): void {
    this.#mailbox.sendUrgent({ type: "disconnected", link, cause });
  }

  /** Says that an Outbox has drained whose Link wanted to know. */
  drained(link: Link): void {
    this.#mailbox.sendUrgent({ type: "drained", link });
  }

  /** Says that the Store has committed something. */
  committed(): void {
    this.#mailbox.sendUrgent({ type: "committed" });
  }

  /** Says that the Store has told everything that it held. */
  restored(): void {
    this.#mailbox.sendUrgent({ type: "restored" });
  }

  /**
   * Takes what a Store holds that has opened after the first client came: `tell` tells it. Clients whose state that
   * touches have to connect again; the others are sent the retained messages that they subscribed to.
   */
  takeOver(tell: (reader: StoreReader) => void): void {
    this.#mailbox.sendUrgent({ type: "takeOver", tell });
  }

  /** Says that sessions which were left before the start were left for so many milliseconds longer. */
  timePassed(milliseconds: number): void {
    this.#mailbox.sendUrgent({ type: "timePassed", milliseconds });
  }

  /** Has sessions, what belongs to them, and retained messages in memory written again: the Store may have lost some. */
  keepAgain(): void {
    this.#mailbox.sendUrgent({ type: "keepAgain" });
  }

  /** Has other rules hold, for all that comes after and for sessions that are there too; without any, all is allowed. */
  changeRights(source: RightsSource | undefined): void {
    this.#mailbox.sendUrgent({ type: "rights", source });
  }

  /** Has publishes followed by this tracer. Without any, none are, and those under way are given up. */
  trace(tracer: Tracer | undefined): void {
    this.#mailbox.sendUrgent({ type: "trace", tracer });
  }

  /** Raises the alarm `$SYS/broker/alarm/<name>` about this matter, in one sentence, in place of an earlier one. */
  raise(name: string, matter: string, sentence: string): void {
    const change = { name, matter, sentence };
    this.#mailbox.sendUrgent({ type: "alarm", change });
  }

  /** Says that this matter is over; with its last one the alarm goes. */
  clear(name: string, matter: string): void {
    const change = { name, matter, sentence: undefined };
    this.#mailbox.sendUrgent({ type: "alarm", change });
  }

  /** Names the source of `$SYS` topics: asked when a client is about to subscribe to some, or has already. */
  systemSource(source: SystemSource): void {
    this.#mailbox.sendUrgent({ type: "systemSource", source });
  }

  /** Publishes what has changed below `$SYS`. `changes` is called in the Router's turn, and told whether anybody hears. */
  publishSystem(changes: (heard: boolean) => Iterable<SystemText>): void {
    this.#mailbox.sendUrgent({ type: "system", changes });
  }

  /** Asks something about the sessions, or has something done to one, in a turn of the Router. */
  ask<Answer>(question: (registry: Registry) => Answer): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const answer = (registry: Registry): void => {
      try {
        resolve(question(registry));
      } catch (error) {
        reject(error);
      }
    };
    this.#mailbox.sendUrgent({ type: "ask", answer });
    return promise;
  }
}
