import type { TopicName } from "../store/message.ts";
import type { Route } from "./route.ts";

/** How many topics are remembered; with one more, all are forgotten and learned anew. */
const MAXIMUM_TOPICS = 65_536;
/** Longer topics are not remembered, so that the table's memory stays bounded. */
const MAXIMUM_LENGTH = 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A topic that was published to, and who gets its messages. */
export interface TopicEntry extends TopicName {
  readonly hash: number;
  /** Who gets its messages, as of {@linkcode TopicEntry.generation} of the subscriptions. */
  route: Route | undefined;
  generation: number;
}

/** Finds the topic that bytes in a read buffer name, without making a string of a topic that was seen before. */
export class TopicTable {
  #slots: (TopicEntry | undefined)[] = new Array(256).fill(undefined);
  #size = 0;

  /** How many topics it remembers. */
  get size(): number {
    return this.#size;
  }

  /** The entry of the topic `bytes[start, end)`, whose hash is `hash`. The bytes are valid UTF-8. */
  find(
    bytes: Uint8Array,
    start: number,
    end: number,
    hash: number,
  ): TopicEntry {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot];
      if (entry === undefined) {
        return this.#add(slot, bytes.slice(start, end), hash);
      }
      if (entry.hash === hash && isSame(entry.bytes, bytes, start, end)) {
        return entry;
      }
    }
  }

  #add(slot: number, bytes: Uint8Array, hash: number): TopicEntry {
    const entry: TopicEntry = {
      text: decoder.decode(bytes),
      bytes,
      hash,
      route: undefined,
      generation: -1,
    };
    if (bytes.length > MAXIMUM_LENGTH) return entry;
    this.#slots[slot] = entry;
    if (++this.#size > MAXIMUM_TOPICS) {
      this.#slots = new Array(256).fill(undefined);
      this.#size = 0;
    } else if (this.#size * 2 > this.#slots.length) {
      this.#grow();
    }
    return entry;
  }

  #grow(): void {
    const slots: (TopicEntry | undefined)[] = new Array(this.#slots.length * 2)
      .fill(undefined);
    const mask = slots.length - 1;
    for (const entry of this.#slots) {
      if (entry === undefined) continue;
      let slot = entry.hash & mask;
      while (slots[slot] !== undefined) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}

function isSame(
  topic: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const length = end - start;
  if (topic.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (topic[i] !== bytes[start + i]) return false;
  }
  return true;
}
