import type { DroppedCause } from "../core/counters.ts";
import type { Timer, Timers } from "../core/timer_wheel.ts";
import type { SessionContext } from "../session/context.ts";
import type { Replay } from "../session/replays.ts";
import { isKept, type Message, type TopicName } from "../store/message.ts";
import type { BatchNumber, StoredSubscription } from "../store/store.ts";
import { DurabilityRules } from "./durability_rules.ts";
import { RetainedTree } from "./retained_tree.ts";

/** Topics that a cursor looks at before it lets others work: well under a millisecond. */
const VISITS = 1000;

interface Retained {
  readonly message: Message;
  readonly timer: Timer | undefined;
}

/** The retained messages (3.3.1.3): the last one of each topic, within limits, until it expires. */
export class RetainedMessages {
  readonly #context: SessionContext;
  readonly #timers: Timers;
  readonly #tree = new RetainedTree<Retained>();
  #bytes = 0;
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

  /** Bytes that the retained messages cost, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The limit that stands against retaining this message, if one does. */
  obstacle(message: Message): DroppedCause | undefined {
    const { limits } = this.#context;
    if (message.payloadEnd === message.payloadStart) return undefined;
    const present = this.#tree.get(message.topic.text)?.message;
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
      return this.#forget(message.topic);
    }
    const { owned } = message;
    const retained = { message: owned, timer: this.#expire(owned) };
    const replaced = this.#tree.set(topic, retained);
    if (replaced !== undefined) this.#dropped(replaced);
    this.#count(1, owned.size);
    return store.durable && isKept(message) ? store.retain(topic, owned) : 0;
  }

  /** Keeps a message of the broker's own, within no limit and not in the Store; an empty payload removes it. */
  announce(message: Message): void {
    const topic = message.topic.text;
    const replaced = message.payloadEnd === message.payloadStart
      ? this.#tree.delete(topic)
      : this.#tree.set(topic, { message, timer: undefined });
    if (replaced !== undefined) this.#dropped(replaced);
    if (message.payloadEnd > message.payloadStart) this.#count(1, message.size);
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
    const timer = this.#expire(message);
    this.#tree.set(topic, { message, timer });
    this.#count(1, message.size);
  }

  /** All is restored: has the Store forget what was not. */
  restored(): void {
    const { store } = this.#context;
    for (const topic of this.#outdated) {
      store.request(store.retain(topic, undefined));
    }
    this.#outdated = [];
  }

  /** Reads the retained messages that a subscription matches, bit by bit. */
  replay(subscription: StoredSubscription): Replay {
    const cursor = this.#tree.cursor(subscription.filter);
    return {
      subscription,
      next: () =>
        cursor.next(VISITS)?.message ?? (cursor.finished ? undefined : "later"),
    };
  }

  #expire(message: Message): Timer | undefined {
    if (message.expiresAt === Infinity) return undefined;
    const { topic } = message;
    const delay = Math.max(0, message.expiresAt - this.#context.now);
    return this.#timers.schedule(delay, () => {
      if (this.#tree.get(topic.text)?.message !== message) return;
      this.#dropped(this.#tree.delete(topic.text)!);
      this.#forget(topic);
    });
  }

  #forget({ text, durability }: TopicName): BatchNumber {
    const { store } = this.#context;
    if (store.durable && durability !== "off") {
      this.#lastRemoval = store.retain(text, undefined);
    }
    return this.#lastRemoval;
  }

  #dropped(retained: Retained): void {
    retained.timer?.cancel();
    this.#count(-1, -retained.message.size);
  }

  #count(messages: number, bytes: number): void {
    this.#bytes += bytes;
    this.#context.counters.retainedNow += messages;
    this.#context.counters.retainedBytesNow += bytes;
  }
}
