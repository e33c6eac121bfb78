import { Deque } from "../core/deque.ts";
import type { Counters } from "../core/counters.ts";
import type { Owed } from "./backlog_owner.ts";
import { MessageQueue } from "./message_queue.ts";

/** What is in the Store alone: a stretch between what is before it and what is behind it in memory. */
export interface StoredRun<T extends Owed> {
  /** How many messages. */
  messages: number;
  /** What they would take in memory. */
  bytes: number;
  /** The number after which it begins. */
  after: number;
  /** Its last number. */
  last: number;
  /** Numbers in it of messages that are in memory all the same: they were given back. */
  readonly early: Set<number>;
  /** The first messages in it, as far as they are known because they may have to be dropped. */
  readonly oldest: Deque<{ readonly number: number; readonly size: number }>;
  /** What came after it, in memory. */
  readonly behind: MessageQueue<T>;
  /** Whether a page of it is on its way, or a commit is waited for. */
  busy: boolean;
  /** Bytes of the next page. */
  page: number;
}

/** An empty stretch that begins after this number. */
export function emptyStoredRun<T extends Owed>(
  after: number,
  page: number,
  counters: Counters,
): StoredRun<T> {
  return {
    messages: 0,
    bytes: 0,
    after,
    last: after,
    early: new Set(),
    oldest: new Deque(),
    behind: new MessageQueue(counters),
    busy: false,
    page,
  };
}
