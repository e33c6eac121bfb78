import type { Clock } from "../../core/clock.ts";
import { Deque } from "../../core/deque.ts";
import type { BatchNumber } from "../store.ts";

/** What a {@linkcode GroupCommit} is made with. */
export interface GroupCommitOptions {
  /** Runs the time after which is committed what nobody waits for. */
  readonly clock: Clock;
  /** Milliseconds after which is committed what nobody waits for; left out, a second. */
  readonly longestWait?: number;
  /** What gathers. */
  readonly journal: {
    /** Its length in bytes. */
    readonly length: number;
    /** Hands it over, and goes on writing to `next`. */
    take(next?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
    /** Begins a new one. */
    reset(): void;
  };
  /** Told how many milliseconds a batch took from being sent to being committed. */
  readonly onCommitted?: ((milliseconds: number) => void) | undefined;
  /** Has a batch committed; {@linkcode GroupCommit.committedNow} is to be called when it is. */
  readonly send: (batch: BatchNumber, journal: Uint8Array<ArrayBuffer>) => void;
}

/** What was written and nobody waits for is committed after so many milliseconds, unless told otherwise. */
const LONGEST_WAIT = 1000;

/** What was written is committed, though nobody waits for it, when it has become so many bytes. */
const LARGEST_BATCH = 4 * 1024 * 1024;

/** A batch's memory is used again up to this size. */
const LARGEST_SPARE = 1024 * 1024;

/**
 * Decides when what was written is committed. While one commit is under way the next batch gathers, so the more there
 * is to write, the more goes into one fsync, and a lone write waits for nothing else.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #committed: BatchNumber = 0;
  #gathering: BatchNumber = 1;
  #requested: BatchNumber = 0;
  /** Bytes of the batches that were sent and are not committed. */
  readonly #sent = new Deque<
    { readonly bytes: number; readonly since: number }
  >();
  #sentBytes = 0;
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #running = false;
  #stopped = false;
  #sending = false;
  #stopTimer: (() => void) | undefined;

  /** Sends nothing before {@linkcode GroupCommit.start}. */
  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** The last batch that is committed. */
  get committed(): BatchNumber {
    return this.#committed;
  }

  /** The last batch that was sent. */
  get sent(): BatchNumber {
    return this.#gathering - 1;
  }

  /** Bytes written and not committed. */
  get uncommittedBytes(): number {
    return this.#sentBytes + this.#options.journal.length;
  }

  /** Batches can be sent from now on. */
  start(): void {
    this.#running = true;
    this.#sendSoon();
  }

  /** Something was written; returns the batch that it is in. After the end it is thrown away. */
  wrote(): BatchNumber {
    const batch = this.#gathering;
    if (batch <= this.#requested) return batch;
    const { journal } = this.#options;
    if (this.#stopped) journal.reset();
    else if (journal.length >= LARGEST_BATCH) this.request(batch);
    else if (this.#stopTimer === undefined) this.#startTimer();
    return batch;
  }

  /** Somebody waits for this batch. */
  request(batch: BatchNumber): void {
    if (batch <= this.#requested || this.#stopped) return;
    this.#requested = batch;
    this.#sendSoon();
  }

  /** The next batch that was sent is committed; its memory comes back. */
  committedNow(batch: BatchNumber, memory: Uint8Array<ArrayBuffer>): void {
    this.#committed = batch;
    const sent = this.#sent.popFront();
    if (sent !== undefined) {
      this.#sentBytes -= sent.bytes;
      this.#options.onCommitted?.(performance.now() - sent.since);
    }
    if (memory.buffer.byteLength <= LARGEST_SPARE) {
      this.#spare = new Uint8Array(memory.buffer);
    }
    this.#sendIfDue();
  }

  /** Sends what has gathered, whoever waits for it, and stops. */
  finish(): void {
    this.stop();
    if (this.#options.journal.length > 0) this.#send();
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#running = false;
    this.#stopped = true;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** Not within the turn that asks, so that all that one turn writes is in one batch. */
  #sendSoon(): void {
    if (this.#sending) return;
    this.#sending = true;
    queueMicrotask(() => {
      this.#sending = false;
      this.#sendIfDue();
    });
  }

  #sendIfDue(): void {
    if (
      this.#running && this.#sent.length === 0 &&
      this.#requested >= this.#gathering
    ) this.#send();
  }

  #send(): void {
    const { journal, send } = this.#options;
    const bytes = journal.take(this.#spare);
    this.#spare = undefined;
    journal.reset();
    this.#sent.pushBack({ bytes: bytes.length, since: performance.now() });
    this.#sentBytes += bytes.length;
    send(this.#gathering++, bytes);
  }

  #startTimer(): void {
    const wake = () => {
      this.#stopTimer = undefined;
      if (this.#options.journal.length > 0) this.request(this.#gathering);
    };
    const { clock, longestWait = LONGEST_WAIT } = this.#options;
    if (clock.wake !== undefined) {
      this.#stopTimer = clock.wake(wake, longestWait);
    } else {
      const id = setTimeout(wake, longestWait);
      this.#stopTimer = () => clearTimeout(id);
    }
  }
}
