import { hashTopic } from "../../codec/topic_hash.ts";
import type { Connect } from "../../codec/packet.ts";
import type { Timers } from "../../core/timer_wheel.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Session } from "../../session/session.ts";
import { Message } from "../../store/message.ts";
import type { BatchNumber, StoredWill } from "../../store/store.ts";
import type { Access } from "../rights/access.ts";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import type { RetainedMessages } from "../retained/messages.ts";
import type { TopicTable } from "../delivery/topic_table.ts";

const encoder = new TextEncoder();

/** What wills are published with. */
export interface WillsOptions {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** Hands wills to subscribers. */
  readonly dispatcher: Dispatcher;
  /** Keeps wills that are retained. */
  readonly retained: RetainedMessages;
  /** Says who may publish to what. */
  readonly access: Access;
  /** The topics that wills are published to. */
  readonly topics: TopicTable;
  /** Call when a delay has passed. */
  readonly timers: Timers;
}

/** Will Messages (3.1.2.5): kept from CONNECT on, published when the client is lost, not a moment early. */
export class Wills {
  readonly #options: WillsOptions;

  /** Publishes through this dispatcher. */
  constructor(options: WillsOptions) {
    this.#options = options;
  }

  /** Keeps the will of a CONNECT for its session, in place of a former one. Returns the batch that keeps it. */
  keep(session: Session, will: Connect["will"]): BatchNumber {
    const { store } = this.#options.context;
    const former = session.will;
    session.will = will === undefined ? undefined : this.#stored(session, will);
    if (!store.durable || (former === undefined && will === undefined)) {
      return 0;
    }
    return store.saveWill(session.clientId, session.will);
  }

  /**
   * Drops the will: the client took its leave with reason code 0x00 [MQTT-3.1.2-10], or is back in time. Returns the
   * batch with which it is forgotten.
   */
  discard(session: Session): BatchNumber {
    session.willTimer?.cancel();
    session.willTimer = undefined;
    if (session.will === undefined) return 0;
    session.will = undefined;
    const { store } = this.#options.context;
    return store.durable ? store.saveWill(session.clientId, undefined) : 0;
  }

  /**
   * Has the will published after its delay, which began when the connection was lost: now, or before the broker was
   * started [MQTT-3.1.2-8].
   */
  connectionLost(session: Session): void {
    const { will } = session;
    if (will === undefined) return;
    const { context: { now }, timers } = this.#options;
    const lostAt = session.endedAt ?? now;
    const delay = lostAt + will.delayInterval * 1000 - now;
    if (delay <= 0) this.publish(session);
    else {
      session.willTimer = timers.schedule(delay, () => this.publish(session));
    }
  }

  /**
   * Publishes the session's will, if there is one, and forgets it. Nobody sees it before that is committed: a power
   * cut must not have it sent twice.
   */
  publish(session: Session): void {
    const { will } = session;
    const batch = this.discard(session);
    if (will === undefined) return;
    const { context, dispatcher, retained, topics, access } = this.#options;
    const interval = will.expiryInterval;
    const { bytes } = will.message.topic;
    const topic = topics.find(
      bytes,
      0,
      bytes.length,
      hashTopic(bytes, 0, bytes.length),
    );
    if (topic.reserved) {
      access.reserved(session, "will", topic.text);
      return;
    }
    // The rules may have changed since CONNECT.
    if (!access.mayPublish(session, topic)) {
      context.counters.dropped.notAuthorized++;
      access.denied(session, "will", topic.text);
      return;
    }
    const message = Message.of({
      topic,
      qos: will.message.qos,
      retain: will.message.retain,
      payload: will.message.payload,
      properties: will.message.properties,
      expiresAt: interval < 0 ? Infinity : context.now + interval * 1000,
      publisher: session.clientId,
    });
    if (message.retain) {
      const obstacle = retained.obstacle(message);
      if (obstacle === undefined) retained.set(message);
      else context.dropped(session, obstacle);
    }
    dispatcher.dispatch(message, topic, batch, session);
  }

  #stored(
    { clientId, owner }: Session,
    will: NonNullable<Connect["will"]>,
  ): StoredWill {
    const message = Message.of({
      topic: { text: will.topic, bytes: encoder.encode(will.topic) },
      qos: will.qos,
      retain: will.retain,
      payload: will.payload,
      properties: will.rawProperties,
      expiresAt: Infinity,
      publisher: clientId,
    });
    return {
      message,
      delayInterval: will.properties.willDelayInterval ?? 0,
      expiryInterval: will.properties.messageExpiryInterval ?? -1,
      ...(owner !== undefined && { user: owner }),
    };
  }
}
