// The way of a message from its publisher to the subscribers' Outboxes: the hottest code there is.

import { forwardedProperties } from "../../codec/decode/property_blocks.ts";
import type { Publish, QoS } from "../../codec/packet.ts";
import type { SessionContext } from "../../session/context.ts";
import { Frames, isForwardable } from "../../session/frames.ts";
import type { Session } from "../../session/session.ts";
import { Message } from "../../store/message.ts";
import type { BatchNumber } from "../../store/store.ts";
import type { Route, RouteTable, Target } from "./route.ts";
import type { SubscriptionTree } from "../topics/subscription_tree.ts";
import type { TopicEntry, TopicTable } from "./topic_table.ts";

const NO_BYTES = new Uint8Array(0);

/** A run is cut where copying it to all its subscribers would move more bytes than this at a time. */
const RUN_BYTES = 4 * 1024 * 1024;

/** So many messages are a run at most. */
const RUN_MESSAGES = 4096;

/** A run is cut where it would mean more deliveries than this one by one. */
const RUN_DELIVERIES = 4000;

/**
 * From so many bytes on a run is passed on by reference, not copied. A slow subscriber then holds on to the whole
 * read buffer, which is 256 KiB at most but for larger packets.
 */
const SHARED_SIZE = 32 * 1024;

/** What became of a dispatched message. */
export interface Dispatched {
  /** Whether anybody has subscribed to it. */
  matched: boolean;
  /** The batch that keeps it for those who must get it. */
  batch: BatchNumber;
}

/** What the dispatcher works with. */
export interface DispatcherOptions {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** Its generation says when a route must be looked up anew. */
  readonly tree: Pick<SubscriptionTree<unknown>, "generation">;
  /** Who gets the messages of a topic. */
  readonly routes: RouteTable;
  /** The topics that were published to. */
  readonly topics: TopicTable;
}

/**
 * Hands messages to their subscribers.
 *
 * QoS 0 messages that lie one behind the other in the read buffer and go to the same subscribers are a *run*: the
 * subscribers get the publisher's bytes as they are, the whole run in one copy.
 */
export class Dispatcher {
  readonly #context: SessionContext;
  readonly #tree: Pick<SubscriptionTree<unknown>, "generation">;
  readonly #routes: RouteTable;
  readonly #topics: TopicTable;
  readonly #frames = new Frames();
  readonly #dispatched: Dispatched = { matched: false, batch: 0 };

  #runRoute: Route | undefined;
  #runPublisher: Session | undefined;
  readonly #run: Publish[] = [];
  readonly #runTopics: TopicEntry[] = [];
  #runStart = 0;
  #runEnd = 0;
  #runLargest = 0;
  #runLimit = 0;
  #runMessages = 0;

  /** Deliveries made since the beginning, about: how the Router sees that a turn gets long. */
  work = 0;

  /** Makes a dispatcher for these subscriptions. */
  constructor(options: DispatcherOptions) {
    this.#context = options.context;
    this.#tree = options.tree;
    this.#routes = options.routes;
    this.#topics = options.topics;
  }

  /** The entry of the topic that a PUBLISH names; not of one that names it by alias alone. */
  topicOf(publish: Publish): TopicEntry {
    return this.#topics.find(
      publish.bytes,
      publish.topicStart,
      publish.topicEnd,
      publish.topicHash,
    );
  }

  /** Takes a QoS 0 message that is not retained, to go out with those before it if it can. */
  dispatchAtMostOnce(
    publish: Publish,
    topic: TopicEntry,
    publisher: Session,
  ): void {
    const route = this.routeOf(topic);
    const size = publish.end - publish.start;
    if (
      route === this.#runRoute && publish.start === this.#runEnd &&
      this.#runEnd - this.#runStart < this.#runLimit &&
      this.#run.length < this.#runMessages &&
      isForwardable(publish)
    ) {
      this.#runEnd = publish.end;
      if (size > this.#runLargest) this.#runLargest = size;
      this.#run.push(publish);
      this.#runTopics.push(topic);
      return;
    }
    this.flushRun();
    if (route.targets.length === 0 && route.groups.length === 0) return;
    if (
      route.only !== undefined && isForwardable(publish) &&
      route.only.forward(publish)
    ) {
      this.work++;
      return;
    }
    if (route.groups.length > 0 || !isForwardable(publish)) {
      this.#dispatch(
        this.messageOf(publish, topic, publisher.clientId),
        route,
        0,
        publisher,
        publish,
      );
      return;
    }
    this.#runRoute = route;
    this.#runPublisher = publisher;
    this.#run.push(publish);
    this.#runTopics.push(topic);
    this.#runStart = publish.start;
    this.#runEnd = publish.end;
    this.#runLargest = size;
    this.#runLimit = RUN_BYTES / route.targets.length;
    this.#runMessages = Math.min(
      RUN_MESSAGES,
      RUN_DELIVERIES / route.slowTargets,
    );
  }

  /** Sends the run that was gathered. To be called before anything else is dispatched or the buffer let go. */
  flushRun(): void {
    const route = this.#runRoute;
    if (route === undefined) return;
    this.#runRoute = undefined;
    let slowTargets = 0;
    try {
      for (const target of route.targets) {
        if (this.#sendRun(target)) continue;
        this.#sendOneByOne(target);
        slowTargets++;
      }
    } finally {
      this.#run.length = 0;
      this.#runTopics.length = 0;
    }
    route.slowTargets = slowTargets;
    this.work += route.targets.length;
  }

  /** Sends a message to all its subscribers; `publish` is the packet in which it came, if it came in one. */
  dispatch(
    message: Message,
    topic: TopicEntry,
    batch: BatchNumber,
    publisher: Session | undefined,
    publish?: Publish,
  ): Readonly<Dispatched> {
    this.flushRun();
    return this.#dispatch(
      message,
      this.routeOf(topic),
      batch,
      publisher,
      publish,
    );
  }

  /** The message in a PUBLISH; it borrows the read buffer. */
  messageOf(publish: Publish, topic: TopicEntry, clientId: string): Message {
    const interval = publish.messageExpiryInterval;
    return new Message({
      topic,
      qos: publish.qos,
      retain: publish.retain,
      source: publish.bytes,
      payloadStart: publish.payloadStart,
      payloadEnd: publish.end,
      properties: publish.propertiesStart === publish.propertiesEnd
        ? NO_BYTES
        : forwardedProperties(publish),
      expiresAt: interval < 0 ? Infinity : this.#context.now + interval * 1000,
      publisher: clientId,
    });
  }

  /** Who gets messages of this topic now. */
  routeOf(topic: TopicEntry): Route {
    const { generation } = this.#tree;
    if (topic.generation !== generation || topic.route === undefined) {
      topic.route = this.#routes.find(topic.text);
      topic.generation = generation;
    }
    return topic.route;
  }

  /** Sends a target the whole run as it is; says whether it takes it so. */
  #sendRun(target: Target): boolean {
    const { session } = target;
    const link = session.link;
    const publish = this.#run[0]!;
    const size = this.#runEnd - this.#runStart;
    if (
      link === undefined || target.identifiers.length > 0 ||
      (target.own !== "same" && session === this.#runPublisher) ||
      !link.takesAsIs(publish.version, this.#runLargest, size)
    ) return false;
    const source = this.#runPublisher!.link?.source;
    if (
      size >= SHARED_SIZE && source !== undefined &&
      source.bytes === publish.bytes
    ) {
      link.outbox.share(source, this.#runStart, this.#runEnd);
    } else {
      link.outbox.buffer.append(publish.bytes, this.#runStart, this.#runEnd);
    }
    const { counters } = this.#context;
    link.packets += this.#run.length;
    counters.messagesSent.qos0 += this.#run.length;
    this.#context.touch(link);
    return true;
  }

  #sendOneByOne(target: Target): void {
    const publisher = this.#runPublisher!;
    const { session } = target;
    if (session.link?.ready !== true) {
      this.#context.dropped(session, "offline", this.#run.length);
      return;
    }
    for (let i = 0; i < this.#run.length; i++) {
      const publish = this.#run[i]!;
      const message = this.messageOf(
        publish,
        this.#runTopics[i]!,
        publisher.clientId,
      );
      this.#frames.begin(message, this.#context.now, publish);
      this.#deliver(target, message, 0, publisher);
    }
    this.work += this.#run.length;
  }

  #dispatch(
    message: Message,
    route: Route,
    batch: BatchNumber,
    publisher: Session | undefined,
    publish?: Publish,
  ): Dispatched {
    const dispatched = this.#dispatched;
    dispatched.batch = batch;
    dispatched.matched = route.groups.length > 0 || route.targets.length > 0;
    this.#frames.begin(message, this.#context.now, publish);
    for (const target of route.targets) {
      dispatched.batch = Math.max(
        dispatched.batch,
        this.#deliver(target, message, batch, publisher),
      );
    }
    for (const group of route.groups) {
      dispatched.batch = Math.max(
        dispatched.batch,
        group.deliver(this.#frames, message, batch),
      );
    }
    this.work += 1 + route.targets.length + route.groups.length;
    return dispatched;
  }

  #deliver(
    target: Target,
    message: Message,
    batch: BatchNumber,
    publisher: Session | undefined,
  ): BatchNumber {
    const { session } = target;
    const own = session === publisher ? target.own : "same";
    if (own === undefined) return 0;
    const { qos: granted, retainAsPublished, identifiers } = own === "same"
      ? target
      : own;
    const qos = (message.qos < granted ? message.qos : granted) as QoS;
    const terms = {
      qos,
      retain: retainAsPublished && message.retain,
      identifiers,
      batch,
    };
    if (qos > 0) return session.outbound.deliver(this.#frames, message, terms);
    session.outbound.deliverAtMostOnce(this.#frames, message, terms);
    return 0;
  }
}
