// The Router: subscriptions, retained messages and sessions, and everything that happens to them. Read this file (the
// actor), then worklist.ts (bundle by bundle), packet_handlers.ts, delivery/publishing.ts and delivery/dispatcher.ts (the
// way of a message), sessions/subscriptions.ts, sessions/registry.ts (sessions come and go), sessions/wills.ts and
// retained/messages.ts.

import { breathe } from "../core/breathe.ts";
import type { Clock } from "../core/clock.ts";
import type { Counters, DroppedCause } from "../core/counters.ts";
import { toError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { Mailbox } from "../core/mailbox.ts";
import { type Timers, TimerWheel } from "../core/timer_wheel.ts";
import type { SessionContext } from "../session/context.ts";
import type { DeliveryGroup } from "../session/delivery.ts";
import type { Link } from "../session/session.ts";
import {
  DEFAULT_QUEUE_POLICIES,
  type QueuePolicies,
} from "../session/queue_policy.ts";
import type { Session } from "../session/session.ts";
import { DiskRoom } from "../store/disk_room.ts";
import type { Message } from "../store/message.ts";
import type {
  BacklogPage,
  BacklogQuery,
  BatchNumber,
  Store,
} from "../store/store.ts";
import { AllQueues } from "./all_queues.ts";
import { Commits } from "./commits.ts";
import { Drops } from "./drops.ts";
import { Guard } from "./guard.ts";
import { RouterHandle } from "./handle.ts";
import type { RouterMessage } from "./messages.ts";
import { makeParts, type RouterOptions, type RouterParts } from "./parts.ts";
import type { Registry } from "./sessions/registry.ts";
import type { MemoryGovernor } from "./memory_governor.ts";
import type { RetainedMessages } from "./retained/messages.ts";
import { TouchedLinks } from "./touched_links.ts";
import type { Worklist } from "./worklist.ts";

/** Bundles that wait for the Router before Connections wait to put theirs in. */
const MAILBOX_CAPACITY = 4096;
/** Milliseconds that the Router works before it lets the event loop look at everything else. */
const SLICE = 2;
/** Messages after which a turn looks at the clock. */
const MESSAGES_BETWEEN_LOOKS = 8;

/** What the Router is told that is no client's doing. */
type AdministrativeMessage = Exclude<
  RouterMessage,
  {
    type:
      | "bundle"
      | "connect"
      | "disconnected"
      | "drained"
      | "committed"
      | "workLeft";
  }
>;

/** The actor that holds everything that clients share. It awaits nothing but its own mailbox. */
export class Router implements SessionContext {
  /** Where it keeps what must last. */
  readonly store: Store;
  /** Whether more may be kept there. */
  readonly disk: DiskRoom = new DiskRoom();
  /** What clients may use. */
  readonly limits: Limits;
  /** Where drops and refusals are counted. */
  readonly counters: Counters;
  /** What becomes of messages where there are too many. */
  readonly queuePolicies: QueuePolicies;
  now: number;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #mailbox = new Mailbox<RouterMessage>({
    capacity: MAILBOX_CAPACITY,
  });
  readonly #timers: TimerWheel;
  readonly #parts: RouterParts;
  readonly #retained: RetainedMessages;
  readonly #registry: Registry;
  readonly #governor: MemoryGovernor;
  readonly #touched: TouchedLinks;
  readonly #worklist: Worklist;
  readonly #waitingGroups = new Set<DeliveryGroup>();
  readonly #commits: Commits;
  readonly #drops: Drops;
  readonly #allQueues: AllQueues;
  readonly #guard: Guard;
  #ended: Promise<void> | undefined;
  #sliceEnd = 0;
  /** Milliseconds of turns since the event loop last went on for certain. */
  #busyTime = 0;

  /** Starts the Router and returns its handle. */
  static start(options: RouterOptions): RouterHandle {
    const router = new Router(options);
    router.#ended = router.#run();
    return new RouterHandle({
      mailbox: router.#mailbox,
      restore: router.#parts.restore,
      view: {
        governor: router.#governor,
        disk: router.disk,
        waits: (link, packet) =>
          router.#parts.diskSpaceCheck.waits(link, packet),
        alarms: () => router.#parts.alarms.sentences,
        traces: () => router.#parts.tracing.tracer !== undefined,
      },
      close: () => router.#close(),
    });
  }

  private constructor(options: RouterOptions) {
    this.store = options.store;
    this.limits = options.limits;
    this.counters = options.counters;
    this.queuePolicies = options.queuePolicies ?? DEFAULT_QUEUE_POLICIES;
    this.#log = options.log;
    this.#guard = new Guard(options.log);
    this.#clock = options.clock;
    this.now = this.#clock.now();
    this.#commits = new Commits(this, this.#guard.fail);
    this.#touched = new TouchedLinks({
      each: (link) => {
        this.counters.packetsSent += link.packets;
        link.packets = 0;
        this.#governor.meter(link);
        this.#commits.watch(link);
      },
      onFault: this.#guard.fail,
    });
    this.#timers = new TimerWheel(this.#clock, {
      onError: (error) =>
        this.#log.error("Fault in a timer", { error: toError(error) }),
    });
    const timers: Timers = {
      schedule: (delayMs, callback) =>
        this.#timers.schedule(delayMs, () => this.#turn(callback)),
    };
    this.#drops = new Drops({ ...options, timers });
    this.#allQueues = new AllQueues({ ...options, context: this });
    const parts = makeParts(options, {
      context: this,
      timers,
      guard: this.#guard,
      connectAgain: (arrival) =>
        this.#mailbox.sendUrgent({ type: "connect", arrival }),
      lookAtClock: () => {
        this.now = this.#clock.now();
      },
    });
    this.#parts = parts;
    this.#governor = parts.governor;
    this.#registry = parts.registry;
    this.#retained = parts.retained;
    this.#worklist = parts.worklist;
  }

  touch(link: Link): void {
    this.#touched.add(link);
  }

  pumpLater(session: Session): void {
    this.#worklist.pumpLater(session);
  }

  groupWaits(group: DeliveryGroup): void {
    this.#waitingGroups.add(group);
  }

  readBacklog(query: BacklogQuery, take: (page: BacklogPage) => void): void {
    this.store.read(
      query,
      (page) => this.#turn(() => this.#guard.run(undefined, () => take(page))),
    );
  }

  readRetained(
    topics: readonly string[],
    take: (messages: readonly (Message | undefined)[]) => void,
  ): void {
    this.store.readRetained(
      topics,
      (messages) =>
        this.#turn(() => this.#guard.run(undefined, () => take(messages))),
    );
  }

  whenCommitted(
    link: Link | undefined,
    batch: BatchNumber,
    callback: () => void,
  ): void {
    this.#commits.wait(link, batch, callback);
  }

  dropped(session: Session, cause: DroppedCause, messages = 1): void {
    this.#drops.ofClient(session.clientId, cause, messages);
    // Has it looked at how long the client has not read.
    if (cause === "outboxFull") this.touch(session.link!);
  }

  queueFull(owner: string, cause: DroppedCause): void {
    this.#drops.queueFull(owner, cause);
  }

  queueHasRoom(owner: string, dropped: number): void {
    this.#drops.queueHasRoom(owner, dropped);
  }

  droppedShared(group: string, cause: DroppedCause, messages = 1): void {
    this.#drops.ofGroup(group, cause, messages);
  }

  async #run(): Promise<void> {
    while (!this.#mailbox.closed) {
      let message = this.#worklist.empty
        ? await this.#mailbox.receive().catch(() => undefined)
        : this.#mailbox.tryReceive();
      const begin = performance.now();
      this.#sliceEnd = begin + SLICE;
      this.now = this.#clock.now();
      this.#catchUp();
      for (let handled = 1; message !== undefined; handled++) {
        this.#handle(message);
        const look = handled % MESSAGES_BETWEEN_LOOKS === 0;
        if (look && performance.now() > this.#sliceEnd) break;
        message = this.#mailbox.tryReceive();
      }
      this.#worklist.goOn(this.#sliceEnd);
      this.#endTurn();
      this.#busyTime += performance.now() - begin;
      if (this.#busyTime > SLICE || !this.#worklist.empty) {
        await breathe();
        this.#busyTime = 0;
      }
    }
  }

  /**
   * A turn that no message began: a timer, which tells of what goes wrong. Turns never overlap, since they do not
   * wait for anything.
   */
  #turn(work: () => void): void {
    this.now = this.#clock.now();
    this.#catchUp();
    try {
      work();
    } finally {
      this.#endTurn();
      // The loop may sleep.
      if (!this.#worklist.empty) this.#mailbox.sendUrgent({ type: "workLeft" });
    }
  }

  #handle(message: RouterMessage): void {
    switch (message.type) {
      case "bundle":
        this.#worklist.work(message, this.#sliceEnd);
        break;
      case "connect":
        this.#guard.run(
          message.arrival.link,
          () => this.#registry.connect(message.arrival),
        );
        break;
      case "disconnected":
        this.#commits.forget(message.link);
        this.#guard.run(
          message.link,
          () => this.#registry.disconnected(message.link, message.cause),
        );
        break;
      case "drained":
        this.#guard.run(message.link, () => {
          const { session } = message.link;
          if (session?.link === message.link) session.outbound.pump();
        });
        break;
      case "committed":
        this.#catchUp();
        break;
      case "workLeft":
        break;
      default:
        this.#guard.run(undefined, () => this.#administer(message));
    }
  }

  /** Does what is no client's doing. */
  #administer(message: AdministrativeMessage): void {
    switch (message.type) {
      case "restored":
        this.#parts.restore.finish();
        this.#retained.restored();
        break;
      case "takeOver":
        this.#parts.restore.takeOver(message.tell);
        break;
      case "timePassed":
        this.#registry.timePassed(message.milliseconds);
        break;
      case "keepAgain":
        this.#registry.keepAgain();
        this.#retained.keepAgain();
        break;
      case "rights":
        this.#parts.access.change(message.source, this.#registry.sessions());
        break;
      case "trace":
        this.#parts.tracing.change(message.tracer);
        break;
      case "alarm":
        this.#parts.alarms.change(message.change);
        break;
      case "systemSource":
        this.#parts.system.takeFrom(message.source);
        break;
      case "system":
        for (const [topic, text] of message.changes(this.#parts.system.heard)) {
          this.#parts.system.publish(topic, text);
        }
        break;
      case "ask":
        message.answer(this.#registry);
    }
  }

  /** Goes on with what waited for the Store. */
  #catchUp(): void {
    this.#commits.catchUp();
    this.#retained.committed();
  }

  /** Has all that was put into Outboxes in this turn written. */
  #endTurn(): void {
    for (const group of this.#waitingGroups) {
      this.#guard.run(undefined, () => group.feedAll());
    }
    this.#waitingGroups.clear();
    this.#touched.flush();
    this.#governor.check();
    this.#allQueues.check();
  }

  async #close(): Promise<void> {
    this.#timers.close();
    this.#mailbox.close();
    for (
      let message = this.#mailbox.tryReceive();
      message !== undefined;
      message = this.#mailbox.tryReceive()
    ) {
      if (message.type === "bundle") message.done();
    }
    this.#worklist.close();
    await this.#ended;
  }
}
