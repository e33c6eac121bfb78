import type { Timer } from "../../core/timer_wheel.ts";
import type { Replay } from "../../session/replays.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Session } from "../../session/session.ts";
import type { Message } from "../../store/message.ts";
import type { StoredSubscription } from "../../store/store.ts";
import type { RetainedCursor } from "./tree.ts";

/** What is retained for a topic. */
export interface Retained {
  /** The topic. */
  readonly topic: string;
  /** Bytes that the message costs in memory, or would cost. */
  readonly size: number;
  /** The message; `undefined` where the Store alone has it. */
  message: Message | undefined;
  /** Runs until it expires. */
  timer: Timer | undefined;
}

/** Topics that a cursor looks at before it lets others work: well under a millisecond. */
const VISITS = 1000;

/** Messages that are asked of the Store at a time: a commit that comes meanwhile waits for them. */
const READ_AT_ONCE = 100;

/** Bytes of these after which no more are asked for; the last one comes however large it is. */
const READ_BYTES = 64 * 1024;

/** What a {@linkcode RetainedReplay} works with. */
export interface RetainedReplayOptions {
  /** Reads from the Store, and has the session pumped. */
  readonly context: SessionContext;
  /** Who is sent the messages. */
  readonly session: Session;
  /** What it subscribed to. */
  readonly subscription: StoredSubscription;
  /** Finds them. */
  readonly cursor: RetainedCursor<Retained>;
  /** Whether this is still what is retained for its topic. */
  readonly isCurrent: (retained: Retained) => boolean;
  /** Told of what is retained and the Store has not. */
  readonly onLost: (retained: Retained) => void;
}

/**
 * The retained messages that a subscription matches, found bit by bit. From the first one on that is in the Store
 * alone, some are gathered, and read together.
 */
export class RetainedReplay implements Replay {
  /** What the session subscribed to. */
  readonly subscription: StoredSubscription;
  readonly #options: RetainedReplayOptions;
  /** Those that come next. */
  #gathered: Retained[] = [];
  /** How many of them were given. */
  #given = 0;
  /** The messages of those that were not given, in reverse; `undefined` before they are read. */
  #messages: (Message | undefined)[] | undefined;
  /** Bytes of those that were read, for as long as any of them is here. */
  #readBytes = 0;
  /** Stands for the answer that is waited for. */
  #awaited: symbol | undefined;

  /** Begins with what the cursor finds first. */
  constructor(options: RetainedReplayOptions) {
    this.#options = options;
    this.subscription = options.subscription;
  }

  /** The next one, as {@linkcode Replay.next} says. */
  next(): Message | undefined | "later" | "loading" {
    const { cursor } = this.#options;
    if (this.#given < this.#gathered.length) {
      if (this.#messages === undefined) {
        this.#read();
        return "loading";
      }
      const message = this.#give(this.#messages);
      if (message !== undefined) return message;
    }
    const retained = cursor.next(VISITS);
    if (retained === undefined) return cursor.finished ? undefined : "later";
    if (retained.message !== undefined) return retained.message;
    this.#gather(retained);
    this.#read();
    return "loading";
  }

  /** Lets go of what was read. */
  release(): void {
    this.#awaited = undefined;
    this.#messages = undefined;
    this.#countRead(0);
  }

  /** The next one of those that were read and have not been replaced or removed meanwhile. */
  #give(messages: (Message | undefined)[]): Message | undefined {
    const { isCurrent, onLost } = this.#options;
    while (this.#given < this.#gathered.length) {
      const retained = this.#gathered[this.#given++]!;
      const message = messages.pop();
      if (messages.length === 0) this.#endGroup();
      if (!isCurrent(retained)) continue;
      if (message !== undefined) return message;
      onLost(retained);
    }
    return undefined;
  }

  #endGroup(): void {
    this.#gathered = [];
    this.#given = 0;
    this.release();
  }

  /** Finds what is to be given next, beginning with this one, as far as it is to be read at once. */
  #gather(first: Retained): void {
    const { cursor } = this.#options;
    const end = cursor.visited + VISITS;
    let reads = 0;
    let bytes = 0;
    let next: Retained | undefined = first;
    while (next !== undefined) {
      this.#gathered.push(next);
      if (next.message === undefined) {
        reads++;
        bytes += next.size;
      }
      if (reads >= READ_AT_ONCE || bytes >= READ_BYTES) return;
      next = cursor.next(end - cursor.visited);
    }
  }

  /** Has those read that are in the Store alone, unless that is under way. */
  #read(): void {
    if (this.#awaited !== undefined) return;
    const awaited = this.#awaited = Symbol();
    const { context, session } = this.#options;
    const left = this.#gathered.slice(this.#given);
    const inMemory = left.map(({ message }) => message);
    const topics = left.filter(({ message }) => message === undefined)
      .map(({ topic }) => topic);
    context.readRetained(topics, (read) => {
      if (this.#awaited !== awaited) return;
      this.#awaited = undefined;
      let bytes = 0;
      let at = 0;
      this.#messages = inMemory.map((message) => {
        const one = message ?? read[at++];
        if (message === undefined) bytes += one?.size ?? 0;
        return one;
      }).reverse();
      this.#countRead(bytes);
      context.pumpLater(session);
    });
  }

  #countRead(bytes: number): void {
    const { counters } = this.#options.context;
    counters.retainedBytesNow += bytes - this.#readBytes;
    this.#readBytes = bytes;
  }
}
