import type { TopicName } from "../../store/message.ts";
import type { Durability } from "../../store/durability.ts";
import { DurabilityRules } from "../topics/durability_rules.ts";
import type { Route } from "./route.ts";
import { isReservedTopic } from "../topics/filter.ts";

/** How many topics are remembered before those are forgotten that were seen only once. */
const TOPICS = 16_384;
/** How many topics are remembered at most; with one more, all are forgotten and learned anew. */
const MAXIMUM_TOPICS = 65_536;
/** Longer topics are not remembered, so that the table's memory stays bounded. */
const MAXIMUM_LENGTH = 1024;
/** A topic that finds so many places taken is not remembered: somebody may have picked topics of like hashes. */
const MAXIMUM_PROBES = 128;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A topic that was published to, and who gets its messages. */
export interface TopicEntry extends TopicName {
  /** How durable what is published to it is. */
  readonly durability: Durability;
  /** The hash of its bytes, under which the table finds it. */
  readonly hash: number;
  /** Who gets its messages, as of {@linkcode TopicEntry.generation} of the subscriptions. */
  route: Route | undefined;
  /** The state of the subscriptions that the route was made of. */
  generation: number;
  /** Whether it is the broker's own, as {@linkcode isReservedTopic} says: clients cannot publish to it. */
  readonly reserved: boolean;
  /** Whether it was looked up again since the table was last gone through. */
  isCommon: boolean;
}

/** Finds the topic that bytes in a read buffer name, without making a string of a topic that was seen before. */
export class TopicTable {
  #slots: (TopicEntry | undefined)[] = new Array(256).fill(undefined);
  #size = 0;
  readonly #durability: DurabilityRules;

  /** Makes an empty table of topics that are as durable as these rules say. */
  constructor(durability: DurabilityRules = new DurabilityRules()) {
    this.#durability = durability;
  }

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
    let slot = hash & mask;
    for (let probes = 0; probes < MAXIMUM_PROBES; probes++) {
      const entry = this.#slots[slot];
      if (entry === undefined) {
        return this.#add(slot, this.#make(bytes.slice(start, end), hash));
      }
      if (entry.hash === hash && isSame(entry.bytes, bytes, start, end)) {
        entry.isCommon = true;
        return entry;
      }
      slot = (slot + 1) & mask;
    }
    return this.#make(bytes.slice(start, end), hash);
  }

  #make(bytes: Uint8Array, hash: number): TopicEntry {
    const text = decoder.decode(bytes);
    return {
      text,
      bytes,
      durability: this.#durability.of(text),
      hash,
      route: undefined,
      generation: -1,
      reserved: isReservedTopic(text),
      isCommon: false,
    };
  }

  #add(slot: number, entry: TopicEntry): TopicEntry {
    if (entry.bytes.length > MAXIMUM_LENGTH) return entry;
    this.#slots[slot] = entry;
    if (++this.#size > MAXIMUM_TOPICS) {
      this.#slots = new Array(256).fill(undefined);
      this.#size = 0;
    } else if (this.#size * 2 > this.#slots.length) {
      const entries = this.#size > TOPICS
        ? this.#commonEntries()
        : this.#slots.filter((one) => one !== undefined);
      this.#fill(entries);
    }
    return entry;
  }

  /** Those that were looked up again since the last time: many topics are of one message, and never come again. */
  #commonEntries(): TopicEntry[] {
    const entries: TopicEntry[] = [];
    for (const entry of this.#slots) {
      if (entry?.isCommon) entries.push(entry);
      if (entry !== undefined) entry.isCommon = false;
    }
    return entries;
  }

  /** Remembers these alone, with room for half as many more at least. */
  #fill(entries: readonly TopicEntry[]): void {
    let length = 256;
    while (length < entries.length * 3) length *= 2;
    const slots: (TopicEntry | undefined)[] = new Array(length)
      .fill(undefined);
    for (const entry of entries) {
      let slot = entry.hash & (length - 1);
      while (slots[slot] !== undefined) slot = (slot + 1) & (length - 1);
      slots[slot] = entry;
    }
    this.#slots = slots;
    this.#size = entries.length;
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
