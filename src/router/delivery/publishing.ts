import { DROPPED_CAUSES, type DroppedCause } from "../../core/counters.ts";
import {
  type Acknowledgement,
  PacketType,
  type Publish,
} from "../../codec/packet.ts";
import { PacketError, protocolError } from "../../codec/packet_error.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Link } from "../../session/session.ts";
import type { Session } from "../../session/session.ts";
import { isKept, type Message } from "../../store/message.ts";
import type { BatchNumber } from "../../store/store.ts";
import type { Access } from "../rights/access.ts";
import {
  type DiskSpaceCheck,
  MESSAGE_OBSTACLES,
  type MessageObstacle,
} from "./disk_space_check.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { RetainedMessages } from "../retained/messages.ts";
import { topicLevels } from "../topics/filter.ts";
import type { TopicEntry } from "./topic_table.ts";
import type { PublishOutcome, Tracing } from "./tracing.ts";

/** What PUBLISH and PUBREL are worked on with. */
export interface PublishingOptions {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** Hands messages to subscribers. */
  readonly dispatcher: Dispatcher;
  /** The retained messages. */
  readonly retained: RetainedMessages;
  /** Says what needs the disk. */
  readonly diskSpaceCheck: DiskSpaceCheck;
  /** Says who may publish to what. */
  readonly access: Access;
  /** Follows those that somebody asks for. */
  readonly tracing: Tracing;
}

/** Bytes that a message which waits for the disk costs, beside those of its packet, about. */
const MESSAGE_COST = 200;

/** The receiving side of publishing: section 4.3, seen from the receiver. */
export class Publishing {
  readonly #context: SessionContext;
  readonly #dispatcher: Dispatcher;
  readonly #retained: RetainedMessages;
  readonly #diskSpaceCheck: DiskSpaceCheck;
  readonly #access: Access;
  readonly #tracing: Tracing;

  /** Dispatches what it takes on through this dispatcher. */
  constructor(options: PublishingOptions) {
    this.#context = options.context;
    this.#dispatcher = options.dispatcher;
    this.#retained = options.retained;
    this.#diskSpaceCheck = options.diskSpaceCheck;
    this.#access = options.access;
    this.#tracing = options.tracing;
  }

  /**
   * Takes a PUBLISH from a client: dispatches it, retains it, acknowledges it. What has no outcome goes its way.
   *
   * @throws {PacketError} If the client breaks the protocol.
   */
  publish(
    link: Link,
    session: Session,
    packet: Publish,
  ): PublishOutcome | undefined {
    const topic = this.#topicOf(link, packet);
    const { counters } = this.#context;
    if (packet.qos === 0) {
      counters.messagesReceived.qos0++;
      if (packet.retain || this.#forbids(session, topic)) {
        return this.#dispatch(session, packet, topic, 0);
      }
      this.#dispatcher.dispatchAtMostOnce(packet, topic, session);
      return undefined;
    }
    this.#dispatcher.flushRun();
    if (packet.qos === 2 && session.received.has(packet.packetId)) {
      return this.#receiveAgain(link, packet);
    }
    if (
      link.terms.version === 5 &&
      link.receiving >= this.#context.limits.receiveMaximum
    ) {
      throw new PacketError(
        ReasonCode.ReceiveMaximumExceeded,
        `Cannot take another message: ${link.receiving} are unacknowledged already`,
      );
    }
    link.receiving++;
    const obstacle = link.terms.version === 5 && !this.#forbids(session, topic)
      ? this.#diskSpaceCheck.obstacle(session, packet, topic)
      : undefined;
    const outcome = obstacle !== undefined
      ? this.#refuse(packet, obstacle)
      : packet.qos === 1
      ? this.#receiveAtLeastOnce(session, packet, topic)
      : this.#receiveExactlyOnce(session, packet, topic);
    this.#answer(link, packet, outcome);
    return outcome;
  }

  /**
   * Does the same, and has a PUBLISH followed that somebody asks for.
   *
   * @throws {PacketError} If the client breaks the protocol.
   */
  publishTraced(link: Link, session: Session, packet: Publish): void {
    const topic = this.#topicOf(link, packet);
    const following = this.#tracing.begin(session, packet, topic);
    const outcome = this.publish(link, session, packet);
    if (following !== undefined) this.#tracing.routed(following, outcome);
  }

  #topicOf(link: Link, packet: Publish): TopicEntry {
    return packet.topicAlias === 0
      ? this.#checked(this.#dispatcher.topicOf(packet))
      : this.#resolveAlias(link, packet);
  }

  #answer(
    link: Link,
    packet: Publish,
    { reason, batch, detail }: PublishOutcome,
  ): void {
    link.acknowledge(
      packet.qos === 1 ? PacketType.Puback : PacketType.Pubrec,
      packet.packetId,
      reason,
      batch,
      detail,
    );
    link.uncommitted.count(packet.end - packet.start + MESSAGE_COST);
    this.#context.touch(link);
  }

  /** Takes PUBREL: the client will not send the message again. */
  release(link: Link, session: Session, packet: Acknowledgement): void {
    const { store } = this.#context;
    const known = session.received.delete(packet.packetId);
    const batch = known && session.stored
      ? store.removeReceived(session.clientId, packet.packetId)
      : 0;
    const reason = known
      ? ReasonCode.Success
      : ReasonCode.PacketIdentifierNotFound;
    link.acknowledge(PacketType.Pubcomp, packet.packetId, reason, batch);
    this.#context.touch(link);
  }

  /** There is no room for it: nobody sees it. */
  #refuse(packet: Publish, obstacle: MessageObstacle): PublishOutcome {
    const { counters } = this.#context;
    counters.messagesReceived[packet.qos === 1 ? "qos1" : "qos2"]++;
    if (obstacle === "disk" || obstacle === "store") counters.diskRefusals++;
    else counters.queueRefusals++;
    return {
      reason: ReasonCode.QuotaExceeded,
      batch: 0,
      detail: `Cannot keep the message: ${MESSAGE_OBSTACLES[obstacle]}`,
    };
  }

  #receiveAtLeastOnce(
    session: Session,
    packet: Publish,
    topic: TopicEntry,
  ): PublishOutcome {
    this.#context.counters.messagesReceived.qos1++;
    return this.#dispatch(session, packet, topic, 0);
  }

  #receiveExactlyOnce(
    session: Session,
    packet: Publish,
    topic: TopicEntry,
  ): PublishOutcome {
    this.#context.counters.messagesReceived.qos2++;
    // Identifier and message are kept in one batch, and nobody sees the message before that is committed.
    const received = session.stored
      ? this.#context.store.saveReceived(session.clientId, packet.packetId)
      : 0;
    const outcome = this.#dispatch(session, packet, topic, received);
    if (outcome.reason < 0x80) session.received.add(packet.packetId);
    else if (session.stored) {
      this.#context.store.removeReceived(session.clientId, packet.packetId);
    }
    return outcome;
  }

  /** A QoS 2 message that was taken on before is acknowledged again and not dispatched [MQTT-4.3.3-10]. */
  #receiveAgain(link: Link, packet: Publish): PublishOutcome {
    // Not counted towards the receive maximum: it may have been already, on this connection.
    // Its batch is not known any more; one appended now commits after it.
    const { store } = this.#context;
    const session = link.session!;
    const batch = session.stored
      ? store.saveReceived(session.clientId, packet.packetId)
      : 0;
    const detail = "It was taken on before";
    const outcome = { reason: ReasonCode.Success, batch, detail };
    this.#answer(link, packet, outcome);
    return outcome;
  }

  /** Retains a message that asks for it and sends it to its subscribers, who see it once `batch` is committed. */
  #dispatch(
    session: Session,
    packet: Publish,
    topic: TopicEntry,
    batch: BatchNumber,
  ): PublishOutcome {
    if (this.#forbids(session, topic)) {
      const detail = this.#drop(session, topic);
      return { reason: refusal(packet), batch, detail };
    }
    const message = this.#dispatcher.messageOf(packet, topic, session.clientId);
    let retained: BatchNumber = 0;
    if (packet.retain) {
      const obstacle = this.#obstacle(message);
      if (obstacle === undefined) {
        retained = this.#retained.set(message);
      } else {
        this.#context.dropped(session, obstacle);
        if (packet.version === 5 && packet.qos > 0) {
          return {
            reason: ReasonCode.QuotaExceeded,
            batch,
            detail: `Cannot retain the message: ${DROPPED_CAUSES[obstacle]}`,
          };
        }
      }
    }
    const dispatched = this.#dispatcher.dispatch(
      message,
      topic,
      batch,
      session,
      packet,
    );
    return {
      reason: dispatched.matched
        ? ReasonCode.Success
        : ReasonCode.NoMatchingSubscribers,
      batch: topic.durability === "commit"
        ? Math.max(retained, dispatched.batch)
        : batch,
      detail: undefined,
    };
  }

  /** Whether a client must not publish to a topic. */
  #forbids(session: Session, topic: TopicEntry): boolean {
    return topic !== session.permittedTopic &&
      (topic.reserved || !this.#access.mayPublish(session, topic));
  }

  /** Counts and logs a message that may not be published; returns what its publisher is told. */
  #drop(session: Session, topic: TopicEntry): string {
    if (topic.reserved) {
      this.#access.reserved(session, "publish", topic.text);
      return `Cannot publish: ${DROPPED_CAUSES.reservedTopic}`;
    }
    this.#context.counters.dropped.notAuthorized++;
    this.#access.denied(session, "publish", topic.text);
    return `Cannot publish: ${DROPPED_CAUSES.notAuthorized}`;
  }

  /** What stands against retaining a message: with QoS 0 also that it would need room on the disk. */
  #obstacle(message: Message): DroppedCause | undefined {
    const { disk } = this.#context;
    if (
      message.qos === 0 && !disk.ample && isKept(message) &&
      message.payloadEnd > message.payloadStart
    ) return "disk";
    return this.#retained.obstacle(message);
  }

  /** The topic of a PUBLISH with a topic alias, which it sets or uses [MQTT-3.3.2-7 .. -10]. */
  #resolveAlias(link: Link, packet: Publish): TopicEntry {
    const { topicAlias } = packet;
    if (topicAlias > this.#context.limits.topicAliasMaximum) {
      throw new PacketError(
        ReasonCode.TopicAliasInvalid,
        `Cannot use topic alias ${topicAlias}: the maximum is ${this.#context.limits.topicAliasMaximum}`,
      );
    }
    const aliases = link.inboundAliases ??= [];
    if (packet.topicEnd > packet.topicStart) {
      const topic = this.#checked(this.#dispatcher.topicOf(packet));
      aliases[topicAlias] = topic;
      return topic;
    }
    const topic = aliases[topicAlias];
    if (topic === undefined) {
      throw protocolError(
        `Cannot use topic alias ${topicAlias}: it was not set`,
      );
    }
    return topic as TopicEntry;
  }

  /** The topic, if it is within the limits; looked at once for each topic that is seen. */
  #checked(topic: TopicEntry): TopicEntry {
    if (topic.route !== undefined) return topic;
    const { limits } = this.#context;
    if (
      topicLevels(topic.text) > limits.topicLevels ||
      topic.bytes.length > limits.topicLength
    ) {
      throw new PacketError(
        ReasonCode.TopicNameInvalid,
        `Cannot publish: the topic has more than ${limits.topicLevels} levels or ${limits.topicLength} bytes`,
      );
    }
    return topic;
  }
}

/** What the publisher is told whose message goes nowhere: before 5.0 there are no words for that. */
function refusal(packet: Publish): ReasonCode {
  return packet.version === 5 ? ReasonCode.NotAuthorized : ReasonCode.Success;
}
