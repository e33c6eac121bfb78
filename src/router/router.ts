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
import { Access } from "./rights/access.ts";
import { Alarms } from "./delivery/alarms.ts";
import { AllQueues } from "./all_queues.ts";
import { Commits } from "./commits.ts";
import { DiskSpaceCheck } from "./delivery/disk_space_check.ts";
import { Dispatcher } from "./delivery/dispatcher.ts";
import { Drops } from "./drops.ts";
import { Guard } from "./guard.ts";
import { handleOf } from "./handle.ts";
import { PacketHandlers } from "./packet_handlers.ts";
import { Publishing } from "./delivery/publishing.ts";
import type { RouterHandle, RouterMessage, RouterOptions } from "./messages.ts";
import { Registry } from "./sessions/registry.ts";
import { MemoryGovernor } from "./memory_governor.ts";
import { Restore } from "./sessions/restore.ts";
import { RetainedMessages } from "./retained/messages.ts";
import { RouteTable, type Subscriber } from "./delivery/route.ts";
import { Subscriptions } from "./sessions/subscriptions.ts";
import { SystemMessages } from "./delivery/system_messages.ts";
import { SubscriptionTree } from "./topics/subscription_tree.ts";
import { TopicTable } from "./delivery/topic_table.ts";
import { TouchedLinks } from "./touched_links.ts";
import { Tracing } from "./delivery/tracing.ts";
import { Wills } from "./sessions/wills.ts";
import { Worklist } from "./worklist.ts";

/** Batches that wait for the Router before Connections wait to put theirs in. */
const MAILBOX_CAPACITY = 4096;
/** Milliseconds that the Router works before it lets the event loop look at everything else. */
const SLICE = 2;
/** Messages after which a turn looks at the clock. */
const MESSAGES_BETWEEN_LOOKS = 8;

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
  readonly #retained: RetainedMessages;
  readonly #diskSpaceCheck: DiskSpaceCheck;
  readonly #registry: Registry;
  readonly #access: Access;
  readonly #alarms: Alarms;
  readonly #system: SystemMessages;
  readonly #governor: MemoryGovernor;
  readonly #restore: Restore;
  readonly #touched: TouchedLinks;
  readonly #worklist: Worklist;
  readonly #tracing: Tracing;
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
    return handleOf({
      mailbox: router.#mailbox,
      turn: (work) => router.#turn(work),
      registry: router.#registry,
      retained: router.#retained,
      governor: router.#governor,
      disk: router.disk,
      waits: (link, packet) => router.#diskSpaceCheck.waits(link, packet),
      restore: router.#restore,
      alarms: () => router.#alarms.sentences,
      system: router.#system,
      access: router.#access,
      tracing: router.#tracing,
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
    this.#retained = new RetainedMessages(this, timers, options.durability);
    const retained = this.#retained;
    const tree = new SubscriptionTree<Subscriber>();
    const access = new Access({ ...options, context: this, tree, timers });
    const topics = new TopicTable(options.durability);
    const routes = new RouteTable(tree);
    const dispatcher = new Dispatcher({ context: this, tree, routes, topics });
    const tracing = new Tracing({ context: this, dispatcher, timers });
    const system = new SystemMessages({ dispatcher, retained, topics, tree });
    const subscriptions = new Subscriptions({
      ...options,
      context: this,
      tree,
      retained,
      system,
      access,
      timers,
    });
    this.#diskSpaceCheck = new DiskSpaceCheck({ context: this, dispatcher });
    this.#system = system;
    this.#alarms = new Alarms(system);
    const wills = new Wills({
      context: this,
      dispatcher,
      retained,
      topics,
      timers,
      access,
    });
    const registry = new Registry({
      ...options,
      context: this,
      subscriptions,
      wills,
      access,
      timers,
      connectAgain: (arrival) =>
        this.#mailbox.sendUrgent({ type: "connect", arrival }),
    });
    this.#tracing = tracing;
    this.#access = access;
    this.#registry = registry;
    const packets = new PacketHandlers({
      context: this,
      dispatcher,
      publishing: new Publishing({
        context: this,
        dispatcher,
        retained,
        diskSpaceCheck: this.#diskSpaceCheck,
        access,
        tracing,
      }),
      subscriptions,
      registry,
      tracing,
    });
    this.#worklist = new Worklist({
      dispatcher,
      routing: this.counters.routing,
      tracing,
      onPacket: (link, session, packet) => packets.take(link, session, packet),
      onFault: this.#guard.fail,
    });
    this.#restore = new Restore({ registry, subscriptions, retained });
    this.#governor = new MemoryGovernor({
      ...options,
      timers,
      sessions: () => registry.sessions(),
      endSession: (session) => registry.end(session),
    });
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
      case "batch":
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
      case "alarm":
        this.#alarms.change(message.change);
        break;
      case "ask":
        message.answer();
        break;
      case "committed":
        this.#catchUp();
        break;
      case "workLeft":
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
      if (message.type === "batch") message.done();
    }
    this.#worklist.close();
    await this.#ended;
  }
}
