import type { DroppedCause } from "../../core/counters.ts";
import type { Timers } from "../../core/timer_wheel.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Replay } from "../../session/replays.ts";
import type { Session } from "../../session/session.ts";
import { isKept, type Message, MESSAGE_OVERHEAD } from "../../store/message.ts";
import type { BatchNumber, StoredSubscription } from "../../store/store.ts";
import { DurabilityRules } from "../topics/durability_rules.ts";
import { type Retained, RetainedReplay } from "./replay.ts";
import { RetainedTree } from "./tree.ts";
import { isReservedTopic } from "../topics/filter.ts";

/**
 * The retained messages (3.3.1.3): the last one of each topic, within limits, until it expires. What the Store has is
 * in memory too only as far as a budget goes.
 */
export class RetainedMessages {
  readonly #context: SessionContext;
  readonly #timers: Timers;
  readonly #tree = new RetainedTree<Retained>();
  #bytes = 0;
  /** Bytes of those that stay in memory. */
  #stayingBytes = 0;
  /** Those that do not, and the batches that keep them: until these are committed. */
  readonly #leaving = new Map<Retained, BatchNumber>();
  /** The batch in which a topic was last removed. */
  #lastRemoval: BatchNumber = 0;
  readonly #durability: DurabilityRules;
  /** Topics of which the Store held a message though they are not to be kept any more. */
  #outdated: string[] = [];

  /** Makes an empty collection whose expiries run on this wheel. */
  constructor(
    context: SessionContext,
    timers: Timers,
    durability: DurabilityRules = new DurabilityRules(),
  ) {
    this.#context = context;
    this.#timers = timers;
    this.#durability = durability;
  }

  /** Bytes that the retained messages would cost if all of them were in memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The limit that stands against retaining this message, if one does. */
  obstacle(message: Message): DroppedCause | undefined {
    const { limits } = this.#context;
    if (message.payloadEnd === message.payloadStart) return undefined;
    const present = this.#tree.get(message.topic.text);
    if (present === undefined && this.#tree.count >= limits.retainedMessages) {
      return "retainedMessages";
    }
    if (
      this.#bytes - (present?.size ?? 0) + message.size > limits.retainedBytes
    ) return "retainedBytes";
    return undefined;
  }

  /** Keeps the message in place of the topic's former one; an empty payload removes that [MQTT-3.3.1-6, -7]. */
  set(message: Message): BatchNumber {
    const { store } = this.#context;
    const topic = message.topic.text;
    if (message.payloadEnd === message.payloadStart) {
      const removed = this.#tree.delete(topic);
      // It may have been removed just now: that is to be committed before it is said.
      if (removed === undefined) return this.#lastRemoval;
      this.#dropped(removed);
      return this.#forget(topic, isKept(message));
    }
    const { owned } = message;
    const retained = this.#add(owned);
    this.#expire(retained, owned);
    if (!store.durable || !isKept(message)) {
      this.#stayingBytes += owned.size;
      return 0;
    }
    const batch = store.retain(topic, owned);
    if (this.#mayStay(owned)) this.#stayingBytes += owned.size;
    else this.#leaving.set(retained, batch);
    return batch;
  }

  /** Has the Store keep those again that are in memory: it may have lost some of them. */
  keepAgain(): void {
    const { store } = this.#context;
    if (!store.durable) return;
    for (const retained of this.#tree.messages()) {
      const { topic, message } = retained;
      if (
        message === undefined || !isKept(message) || isReservedTopic(topic)
      ) continue;
      const batch = store.retain(topic, message);
      store.request(batch);
      // One that is to leave memory stays until it is committed once more.
      if (this.#leaving.has(retained)) this.#leaving.set(retained, batch);
    }
  }

  /** The Store has committed something: lets go of what it is to have alone. */
  committed(): void {
    if (this.#leaving.size === 0) return;
    const { committed } = this.#context.store;
    for (const [retained, batch] of this.#leaving) {
      if (batch > committed) return;
      this.#leaving.delete(retained);
      this.#leave(retained);
    }
  }

  /** Keeps a message of the broker's own, within no limit and not in the Store; an empty payload removes it. */
  announce(message: Message): void {
    if (message.payloadEnd > message.payloadStart) {
      this.#add(message);
      this.#stayingBytes += message.size;
      return;
    }
    const removed = this.#tree.delete(message.topic.text);
    if (removed !== undefined) this.#dropped(removed);
  }

  /**
   * Puts a message back that the Store held; not where the topic is not to be kept any more: a newer message would
   * be in memory alone, and after that is lost the old one must not come again.
   */
  restore(message: Message): void {
    const topic = message.topic.text;
    if (this.#durability.of(topic) === "off") {
      this.#outdated.push(topic);
      return;
    }
    const retained = this.#add(message);
    this.#expire(retained, message);
    if (this.#mayStay(message)) this.#stayingBytes += message.size;
    else this.#leave(retained);
  }

  /** All is restored: has the Store forget what was not. */
  restored(): void {
    const { store } = this.#context;
    for (const topic of this.#outdated) {
      store.request(store.retain(topic, undefined));
    }
    this.#outdated = [];
  }

  /** Reads the retained messages that a session's subscription matches, bit by bit. */
  replay(session: Session, subscription: StoredSubscription): Replay {
    return new RetainedReplay({
      context: this.#context,
      session,
      subscription,
      cursor: this.#tree.cursor(subscription.filter),
      isCurrent: this.#isCurrent,
      onLost: this.#remove,
    });
  }

  /** Puts it in place of the topic's former message. It is in memory for the present. */
  #add(message: Message): Retained {
    const topic = message.topic.text;
    const { size } = message;
    const retained = { topic, size, message, timer: undefined };
    const replaced = this.#tree.set(topic, retained);
    if (replaced !== undefined) this.#dropped(replaced);
    this.#bytes += size;
    this.#count(topic, 1, size);
    return retained;
  }

  /** Whether there is room in memory for one that the Store has. */
  #mayStay({ size }: Message): boolean {
    return this.#stayingBytes + size <= this.#context.limits.retainedInMemory;
  }

  /** The Store has it: it is let go from memory. */
  #leave(retained: Retained): void {
    const before = bytesInMemory(retained);
    retained.message = undefined;
    this.#count(retained.topic, 0, bytesInMemory(retained) - before);
  }

  #expire(retained: Retained, { expiresAt, topic }: Message): void {
    if (expiresAt === Infinity) return;
    const kept = topic.durability !== "off";
    const delay = Math.max(0, expiresAt - this.#context.now);
    retained.timer = this.#timers.schedule(delay, () => {
      if (!this.#isCurrent(retained)) return;
      this.#remove(retained);
      this.#forget(retained.topic, kept);
    });
  }

  #forget(topic: string, kept: boolean): BatchNumber {
    const { store } = this.#context;
    if (store.durable && kept) {
      this.#lastRemoval = store.retain(topic, undefined);
    }
    return this.#lastRemoval;
  }

  readonly #isCurrent = (retained: Retained): boolean =>
    this.#tree.get(retained.topic) === retained;

  readonly #remove = (retained: Retained): void => {
    this.#tree.delete(retained.topic);
    this.#dropped(retained);
  };

  #dropped(retained: Retained): void {
    retained.timer?.cancel();
    const isLeaving = this.#leaving.delete(retained);
    if (retained.message !== undefined && !isLeaving) {
      this.#stayingBytes -= retained.size;
    }
    this.#bytes -= retained.size;
    this.#count(retained.topic, -1, -bytesInMemory(retained));
  }

  /** Clients' messages are counted; the broker's own say how many there are. */
  #count(topic: string, messages: number, bytes: number): void {
    if (isReservedTopic(topic)) return;
    this.#context.counters.retainedNow += messages;
    this.#context.counters.retainedBytesNow += bytes;
  }
}

/** Bytes that it costs now, about; less where the message is in the Store alone. */
function bytesInMemory({ topic, size, message }: Retained): number {
  return message === undefined ? MESSAGE_OVERHEAD + topic.length : size;
}
