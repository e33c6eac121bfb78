// The Router: subscriptions, retained messages and sessions, and all that happens to them. Read router.ts (the actor),
// then publishing.ts and dispatcher.ts (the way of a message), subscriptions.ts, registry.ts (sessions come and go),
// wills.ts and retained.ts.

import { setImmediate } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import type { Counters, DroppedCause } from "../core/counters.ts";
import { Deque } from "../core/deque.ts";
import { toError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { LogLimiter } from "../core/log_limiter.ts";
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
import type { Store } from "../store/store.ts";
import { Commits } from "./commits.ts";
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
import { RetainedMessages } from "./retained.ts";
import { RouteTable } from "./route.ts";
import { type Subscriber, Subscriptions, type Task } from "./subscriptions.ts";
import { SubscriptionTree } from "./subscription_tree.ts";
import { TopicTable } from "./topic_table.ts";
import { Wills } from "./wills.ts";

const PINGRESP = encode({ type: PacketType.Pingresp }, 4);

/** Batches that wait for the Router before Connections wait to put theirs in. */
const MAILBOX_CAPACITY = 4096;
/** Milliseconds that the Router works before it lets the event loop look at everything else. */
const SLICE = 2;
/** Messages after which a turn looks at the clock. */
const MESSAGES_BETWEEN_LOOKS = 8;
/** Deliveries and packets after which a slice looks at the clock. */
const WORK_BETWEEN_LOOKS = 500;

/** The actor that holds everything that clients share. It awaits nothing but its own mailbox. */
export class Router implements SessionContext {
  readonly store: Store;
  readonly limits: Limits;
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
  readonly #publishing: Publishing;
  readonly #subscriptions: Subscriptions;
  readonly #registry: Registry;
  readonly #governor: MemoryGovernor;
  /** Links whose Outboxes were added to in this turn. */
  #touched: Link[] = [];
  /** Batches that took longer than a slice. */
  readonly #unfinished = new Deque<Batch>();
  readonly #pumpLater = new Set<Session>();
  readonly #waitingGroups = new Set<DeliveryGroup>();
  readonly #commits: Commits;
  readonly #dropLog: LogLimiter;
  #sliceEnd = 0;
  /** Milliseconds of turns since the event loop last went on for certain. */
  #busyTime = 0;

  /** Starts the Router and returns its handle. */
  static start(options: RouterOptions): RouterHandle {
    const router = new Router(options);
    router.#run();
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
    this.#dropLog = new LogLimiter(this.#log, "Messages dropped");
    this.#timers = new TimerWheel(this.#clock, {
      onError: (error) =>
        this.#log.error("Fault in a timer", { error: toError(error) }),
    });
    const timers: Timers = {
      schedule: (delayMs, callback) =>
        this.#timers.schedule(delayMs, () => this.#turn(callback)),
    };
    this.#retained = new RetainedMessages(this, timers);
    const topics = new TopicTable();
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
    this.#publishing = new Publishing({ context: this, dispatcher, retained });
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
      whenCommitted: (batch, callback) => this.#commits.wait(batch, callback),
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
    this.#pumpLater.add(session);
  }

  groupWaits(group: DeliveryGroup): void {
    this.#waitingGroups.add(group);
  }

  dropped(session: Session, cause: DroppedCause, messages = 1): void {
    this.counters.dropped[cause] += messages;
    // Has it looked at how long the client has not read.
    if (cause === "outboxFull") this.touch(session.link!);
    if (cause === "offline") return;
    this.#dropLog.note(session.clientId, this.#clock.monotonic(), messages, {
      cause,
    });
  }

  async #run(): Promise<void> {
    while (!this.#mailbox.closed) {
      let message = this.#unfinished.length > 0 || this.#pumpLater.size > 0
        ? this.#mailbox.tryReceive()
        : await this.#mailbox.receive().catch(() => undefined);
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
      this.#goOn();
      this.#endTurn();
      this.#busyTime += performance.now() - begin;
      if (
        this.#busyTime > SLICE || this.#unfinished.length > 0 ||
        this.#pumpLater.size > 0
      ) {
        await setImmediate();
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
        if (!this.#work(message)) this.#unfinished.pushBack(message);
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

  /** Goes on with what did not end in its slice, in turn. */
  #goOn(): void {
    for (let left = this.#unfinished.length; left > 0; left--) {
      const batch = this.#unfinished.popFront()!;
      if (!this.#work(batch)) this.#unfinished.pushBack(batch);
      if (performance.now() > this.#sliceEnd) break;
    }
    for (const session of this.#pumpLater) {
      this.#pumpLater.delete(session);
      session.outbound.pump();
      if (performance.now() > this.#sliceEnd) break;
    }
  }

  /** Works on a batch until it is done or the slice ends; says whether it is done. */
  #work(batch: Batch): boolean {
    let done = true;
    try {
      done = this.#workOn(batch, batch.link);
      this.#dispatcher.flushRun();
    } catch (error) {
      this.#dispatcher.flushRun();
      this.#fail(batch.link, error);
    }
    if (done) batch.done();
    return done;
  }

  #workOn(batch: Batch, link: Link): boolean {
    const { packets } = batch;
    let unlooked = 0;
    let work = this.#dispatcher.work;
    while (batch.next < packets.length) {
      const { session } = link;
      // Another epoch, or an ended one: nothing more of it counts.
      if (session === undefined || session.link !== link || link.ended) {
        return true;
      }
      if (batch.task === undefined) {
        batch.task = this.#packet(link, session, packets[batch.next]!);
      }
      if (batch.task !== undefined) {
        if (!batch.task(this.#sliceEnd)) return false;
        batch.task = undefined;
      }
      batch.next++;
      unlooked++;
      if (unlooked + this.#dispatcher.work - work >= WORK_BETWEEN_LOOKS) {
        unlooked = 0;
        work = this.#dispatcher.work;
        if (performance.now() > this.#sliceEnd) {
          return batch.next === packets.length;
        }
      }
    }
    return true;
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

  #close(): void {
    this.#timers.close();
    this.#mailbox.close();
    for (
      let message = this.#mailbox.tryReceive();
      message !== undefined;
      message = this.#mailbox.tryReceive()
    ) {
      if (message.type === "batch") message.done();
    }
    for (const batch of this.#unfinished) batch.done();
    this.#unfinished.clear();
  }
}
