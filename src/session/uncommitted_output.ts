import { ByteBuffer } from "../core/byte_buffer.ts";
import { Deque } from "../core/deque.ts";
import type { BatchNumber } from "../store/store.ts";

interface Mark {
  batch: BatchNumber;
  /** Bytes written since the gate was made, up to and including what waits for the batch. */
  end: number;
  /** How many of the client's messages are acknowledged to the end by what waits for the batch. */
  ends: number;
  /** Bytes of the client's messages that are acknowledged by what waits for the batch. */
  input: number;
}

/** Bytes of a client's messages that may wait for the disk before it is sent no more of them. */
const MOST_INPUT = 8 * 1024 * 1024;

/**
 * What a client may be told only once a batch of the Store is committed: encoded packets in the order in which
 * they leave [MQTT-4.6.0-2], and for each batch how far they may. One mark serves all packets of a batch.
 */
export class UncommittedOutput {
  #buffer = new ByteBuffer();
  #marks = new Deque<Mark>();
  #passed = 0;
  #input = 0;
  #onRoom: (() => void) | undefined;

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#marks.length === 0;
  }

  /** The last batch that anything waits for; 0 if nothing waits. */
  get lastBatch(): BatchNumber {
    return this.#marks.peekBack()?.batch ?? 0;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#buffer.length;
  }

  /** Whether so much of what the client has sent waits for the disk that no more of it should be taken. */
  get full(): boolean {
    return this.#input >= MOST_INPUT;
  }

  /** Calls back once, when the gate is full no more. */
  onceRoom(callback: () => void): void {
    this.#onRoom = callback;
  }

  /** Notes that what was marked last, if anything waits, acknowledges a message of so many bytes. */
  count(bytes: number): void {
    const last = this.#marks.peekBack();
    if (last === undefined) return;
    last.input += bytes;
    this.#input += bytes;
  }

  /** The buffer to write a packet into, after which {@linkcode UncommittedOutput.mark} must be called. */
  get buffer(): ByteBuffer {
    return this.#buffer;
  }

  /** Says that what was written waits for this batch, and for all that waited before it. */
  mark(batch: BatchNumber, ends: number): void {
    const end = this.#passed + this.#buffer.length;
    const last = this.#marks.peekBack();
    if (last !== undefined && last.batch >= batch) {
      last.end = end;
      last.ends += ends;
    } else {
      this.#marks.pushBack({ batch, end, ends, input: 0 });
    }
  }

  /**
   * Moves what waited for batches up to this one into `out`. Returns how many messages it acknowledges to the end,
   * `undefined` if nothing waited for them.
   */
  open(committed: BatchNumber, out: ByteBuffer): number | undefined {
    let end = this.#passed;
    let ends = 0;
    for (;;) {
      const mark = this.#marks.peekFront();
      if (mark === undefined || mark.batch > committed) break;
      end = mark.end;
      ends += mark.ends;
      this.#input -= mark.input;
      this.#marks.popFront();
    }
    const bytes = end - this.#passed;
    if (bytes === 0) return undefined;
    const buffer = this.#buffer;
    out.append(buffer.bytes, 0, bytes);
    this.#buffer = new ByteBuffer();
    if (buffer.length > bytes) {
      this.#buffer.append(buffer.bytes, bytes, buffer.length);
    }
    this.#passed = end;
    if (this.#onRoom !== undefined && !this.full) {
      const onRoom = this.#onRoom;
      this.#onRoom = undefined;
      onRoom();
    }
    return ends;
  }
}
