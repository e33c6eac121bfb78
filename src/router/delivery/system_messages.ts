import { hashTopic } from "../../codec/topic_hash.ts";
import { Message } from "../../store/message.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { RetainedMessages } from "../retained/messages.ts";
import type { Subscriber } from "./route.ts";
import type { SubscriptionTree } from "../topics/subscription_tree.ts";
import { SYSTEM } from "../topics/filter.ts";
import type { TopicEntry, TopicTable } from "./topic_table.ts";

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/** A topic below `$SYS`, and its text; an empty one takes the topic away. */
export type SystemText = readonly [topic: string, text: string];

/** Knows what the broker tells of itself below `$SYS`. */
export interface SystemSource {
  /** What has changed since it was last asked. Called when a client subscribes there. */
  changes(): Iterable<SystemText>;
}

/** What {@linkcode SystemMessages} works with. */
export interface SystemMessagesOptions {
  /** Hands messages to who has subscribed. */
  readonly dispatcher: Dispatcher;
  /** Keeps them for who subscribes. */
  readonly retained: RetainedMessages;
  /** The topics that were published to. */
  readonly topics: TopicTable;
  /** The subscriptions. */
  readonly tree: SubscriptionTree<Subscriber>;
}

/**
 * The broker's own messages: retained, in UTF-8, at QoS 0, below `$SYS`. The Store never sees them, so that none
 * outlives its reason. To be used within a turn of the Router.
 */
export class SystemMessages {
  readonly #options: SystemMessagesOptions;
  #source: SystemSource | undefined;

  /** Publishes by these. */
  constructor(options: SystemMessagesOptions) {
    this.#options = options;
  }

  /** Whether anybody has subscribed to any of them. */
  get heard(): boolean {
    return this.#options.tree.hasLevel(SYSTEM);
  }

  /** Takes the texts of new subscribers from this source from now on. */
  takeFrom(source: SystemSource): void {
    this.#source = source;
    if (this.heard) this.refresh();
  }

  /** Brings the retained texts up to date: a client is about to subscribe to some of them. */
  refresh(): void {
    for (const [topic, text] of this.#source?.changes() ?? []) {
      this.#options.retained.announce(this.#message(topic, text));
    }
  }

  /** Keeps a message, and sends it to who has subscribed. */
  publish(topic: string, text: string): void {
    const { dispatcher, retained } = this.#options;
    const message = this.#message(topic, text);
    retained.announce(message);
    dispatcher.dispatch(message, message.topic as TopicEntry, 0, undefined);
  }

  #message(topic: string, text: string): Message {
    return Message.of({
      topic: this.#entry(topic),
      qos: 0,
      retain: true,
      payload: encoder.encode(text),
      properties: NO_BYTES,
      expiresAt: Infinity,
      publisher: "",
    });
  }

  #entry(topic: string): TopicEntry {
    const bytes = encoder.encode(topic);
    const { length } = bytes;
    return this.#options.topics.find(
      bytes,
      0,
      length,
      hashTopic(bytes, 0, length),
    );
  }
}
