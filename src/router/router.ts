// The Router: subscriptions, retained messages and sessions, and all that happens to them. Read router.ts (the actor),
// then worklist.ts (batch by batch), publishing.ts and dispatcher.ts (the way of a message), subscriptions.ts,
// registry.ts (sessions come and go), wills.ts and retained.ts.

import { breathe } from "../core/breathe.ts";
import type { Clock } from "../core/clock.ts";
import type { Counters, DroppedCause } from "../core/counters.ts";
import { toError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { PacedLog } from "../core/paced_log.ts";
import { Mailbox } from "../core/mailbox.ts";
import { type Timers, TimerWheel } from "../core/timer_wheel.ts";
import {
  type FinishedPacket,
  packetName,
  PacketType,
} from "../codec/packet.ts";
import { PacketError, protocolError } from "../codec/packet_error.ts";
import { encode } from "../codec/encode.ts";
import type { SessionContext } from "../session/context.ts";
import type { DeliveryGroup } from "../session/delivery.ts";
import { causeOf } from "../session/disconnect_code.ts";
import type { Link } from "../session/link.ts";
import type { Session } from "../session/session.ts";
import { DiskRoom } from "../store/disk_room.ts";
import type {
  BacklogPage,
  BacklogQuery,
  BatchNumber,
  Store,
} from "../store/store.ts";
import { Commits } from "./commits.ts";
import { DiskNeeds } from "./disk_needs.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Publishing } from "./publishing.ts";
import type {
  Batch,
  RouterHandle,
  RouterMessage,
  RouterOptions,
} from "./messages.ts";
import { Registry } from "./registry.ts";
import { MemoryGovernor } from "./memory_governor.ts";
import { Restore } from "./restore.ts";
import { RetainedMessages } from "./retained.ts";
import { RouteTable } from "./route.ts";
import { type Subscriber, Subscriptions, type Task } from "./subscriptions.ts";
import { SubscriptionTree } from "./subscription_tree.ts";
import { TopicTable } from "./topic_table.ts";
import { Wills } from "./wills.ts";
import { Worklist } from "./worklist.ts";

const PINGRESP = encode({ type: PacketType.Pingresp }, 4);

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
  now: number;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #mailbox = new Mailbox<RouterMessage>({
    capacity: MAILBOX_CAPACITY,
  });
  readonly #timers: TimerWheel;
  readonly #tree = new SubscriptionTree<Subscriber>();
  readonly #retained: RetainedMessages;
  readonly #dispatcher: Dispatcher;
  readonly #diskNeeds: DiskNeeds;
  readonly #publishing: Publishing;
  readonly #subscriptions: Subscriptions;
  readonly #registry: Registry;
  readonly #governor: MemoryGovernor;
  readonly #restore: Restore;
  /** Links whose Outboxes were added to in this turn. */
  #touched: Link[] = [];
  readonly #worklist: Worklist;
  readonly #waitingGroups = new Set<DeliveryGroup>();
  readonly #commits: Commits;
  readonly #drops: PacedLog;
  #ended: Promise<void> | undefined;
  #sliceEnd = 0;
  /** Milliseconds of turns since the event loop last went on for certain. */
  #busyTime = 0;

  /** Starts the Router and returns its handle. */
  static start(options: RouterOptions): RouterHandle {
    const router = new Router(options);
    router.#ended = router.#run();
    return {
      connect: (arrival) =>
        router.#mailbox.sendUrgent({ type: "connect", arrival }),
      submit: (link, packets) => {
        const { promise, resolve: done } = Promise.withResolvers<void>();
        const start = { next: 0, task: undefined };
        router.#submit({ type: "batch", link, packets, ...start, done });
        return promise;
      },
      disconnected: (link, cause) =>
        router.#mailbox.sendUrgent({ type: "disconnected", link, cause }),
      drained: (link) => router.#mailbox.sendUrgent({ type: "drained", link }),
      committed: () => router.#mailbox.sendUrgent({ type: "committed" }),
      governor: router.#governor,
      disk: router.disk,
      waits: (link, packet) => router.#diskNeeds.waits(link, packet),
      restore: router.#restore,
      restored: () =>
        router.#turn(() => {
          router.#restore.finish();
          router.#retained.restored();
        }),
      close: () => router.#close(),
    };
  }

  private constructor(options: RouterOptions) {
    this.store = options.store;
    this.limits = options.limits;
    this.counters = options.counters;
    this.#log = options.log;
    this.#clock = options.clock;
    this.now = this.#clock.now();
    this.#commits = new Commits(this);
    this.#timers = new TimerWheel(this.#clock, {
      onError: (error) =>
        this.#log.error("Fault in a timer", { error: toError(error) }),
    });
    const timers: Timers = {
      schedule: (delayMs, callback) =>
        this.#timers.schedule(delayMs, () => this.#turn(callback)),
    };
    this.#drops = new PacedLog("Messages dropped", { ...options, timers });
    this.#retained = new RetainedMessages(
      this,
      timers,
      options.durability,
    );
    const topics = new TopicTable(options.durability);
    const routes = new RouteTable(this.#tree);
    this.#dispatcher = new Dispatcher({
      context: this,
      tree: this.#tree,
      routes,
      topics,
    });
    this.#subscriptions = new Subscriptions(this, this.#tree, this.#retained);
    const dispatcher = this.#dispatcher;
    const retained = this.#retained;
    const diskNeeds = new DiskNeeds({ context: this, dispatcher });
    this.#diskNeeds = diskNeeds;
    this.#publishing = new Publishing({
      context: this,
      dispatcher,
      retained,
      diskNeeds,
    });
    this.#worklist = new Worklist({
      dispatcher,
      onPacket: (link, session, packet) => this.#packet(link, session, packet),
      onFault: (link, error) => this.#fail(link, error),
    });
    const wills = new Wills({
      context: this,
      dispatcher,
      retained,
      topics,
      timers,
    });
    this.#registry = new Registry({
      context: this,
      subscriptions: this.#subscriptions,
      wills,
      timers,
    });
    this.#restore = new Restore({
      registry: this.#registry,
      subscriptions: this.#subscriptions,
      retained,
    });
    this.#governor = new MemoryGovernor({
      ...options,
      timers,
      sessions: () => this.#registry.sessions(),
      endSession: (session) => this.#registry.end(session),
    });
  }

  touch(link: Link): void {
    if (link.touched) return;
    link.touched = true;
    this.#touched.push(link);
  }

  pumpLater(session: Session): void {
    this.#worklist.pumpLater(session);
  }

  groupWaits(group: DeliveryGroup): void {
    this.#waitingGroups.add(group);
  }

  readBacklog(query: BacklogQuery, take: (page: BacklogPage) => void): void {
    this.store.read(query, (page) => this.#turn(() => take(page)));
  }

  whenCommitted(batch: BatchNumber, callback: () => void): void {
    this.#commits.wait(batch, callback);
  }

  dropped(session: Session, cause: DroppedCause, messages = 1): void {
    this.counters.dropped[cause] += messages;
    // Has it looked at how long the client has not read.
    if (cause === "outboxFull") this.touch(session.link!);
    if (cause === "offline") return;
    this.#drops.note(session.clientId, messages, { cause });
  }

  async #run(): Promise<void> {
    while (!this.#mailbox.closed) {
      let message = this.#worklist.empty
        ? await this.#mailbox.receive().catch(() => undefined)
        : this.#mailbox.tryReceive();
      const begin = performance.now();
      this.#sliceEnd = begin + SLICE;
      this.now = this.#clock.now();
      this.#commits.catchUp();
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

  /** A turn that no message began: a timer. Turns never overlap, since they do not wait for anything. */
  #turn(work: () => void): void {
    this.now = this.#clock.now();
    this.#commits.catchUp();
    work();
    this.#endTurn();
  }

  #handle(message: RouterMessage): void {
    switch (message.type) {
      case "batch":
        this.#worklist.work(message, this.#sliceEnd);
        break;
      case "connect":
        this.#guard(
          message.arrival.link,
          () => this.#registry.connect(message.arrival),
        );
        break;
      case "disconnected":
        this.#commits.forget(message.link);
        this.#guard(
          message.link,
          () => this.#registry.disconnected(message.link, message.cause),
        );
        break;
      case "drained":
        if (message.link.session?.link === message.link) {
          message.link.session.outbound.pump();
        }
        break;
      case "committed":
        this.#commits.catchUp();
    }
  }

  /** Takes one packet; returns what is left to do of it, if that may be long. */
  #packet(
    link: Link,
    session: Session,
    packet: FinishedPacket,
  ): Task | undefined {
    switch (packet.type) {
      case PacketType.Publish:
        this.#publishing.publish(link, session, packet);
        return undefined;
      case PacketType.Puback:
      case PacketType.Pubrec:
      case PacketType.Pubcomp:
        session.outbound.acknowledged(link, packet);
        return undefined;
      case PacketType.Pubrel:
        this.#publishing.release(link, session, packet);
        return undefined;
    }
    this.#dispatcher.flushRun();
    switch (packet.type) {
      case PacketType.Subscribe:
        return this.#subscriptions.subscribe(link, session, packet);
      case PacketType.Unsubscribe:
        return this.#subscriptions.unsubscribe(link, session, packet);
      case PacketType.Pingreq:
        link.outbox.buffer.append(PINGRESP);
        link.packets++;
        this.touch(link);
        return undefined;
      case PacketType.Disconnect:
        this.#registry.leave(link, session, packet);
        return undefined;
      default:
        throw protocolError(`Cannot take ${packetName(packet.type)} now`);
    }
  }

  /** Has all that was put into Outboxes in this turn written. */
  #endTurn(): void {
    for (const group of this.#waitingGroups) group.feedAll();
    this.#waitingGroups.clear();
    const touched = this.#touched;
    this.#touched = [];
    for (const link of touched) {
      link.touched = false;
      this.counters.packetsSent += link.packets;
      link.packets = 0;
      this.#governor.meter(link);
      this.#commits.watch(link);
      link.owner.flush();
    }
    this.#governor.check();
  }

  /** Keeps what goes wrong over one client's bytes to that client. */
  #guard(link: Link, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(link, error);
    }
  }

  #fail(link: Link, error: unknown): void {
    if (error instanceof PacketError) {
      const { reasonCode, message } = error;
      link.owner.end(causeOf(reasonCode), reasonCode, message);
      return;
    }
    const fault = { client: link.session?.clientId, error: toError(error) };
    this.#log.error("Fault while working on a client's packets", fault);
    link.owner.end("internalError");
  }

  #submit(batch: Batch): void {
    if (!this.#mailbox.trySend(batch)) {
      this.#mailbox.send(batch).catch(batch.done);
    }
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
