import type { Counters } from "../core/counters.ts";
import type { FinishedPacket } from "../codec/packet.ts";
import type { Link } from "../session/link.ts";
import { MemoryStep } from "../router/memory_governor.ts";
import type { RouterHandle } from "../router/messages.ts";
import { HeldBack } from "./held_back.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import type { Watch } from "./watch.ts";

/** What a Throttle works with. */
export interface ThrottleOptions {
  /** Where the batches go. */
  readonly router: RouterHandle;
  /** Counts pauses and what is read. */
  readonly counters: Counters;
  /** What a batch borrows until the Router is done with it. */
  readonly input: ReadBuffer;
  /** Told of each pause, for which no client is to blame. */
  readonly watch: Watch;
}

/**
 * Stands between a Connection and the Router while there is no memory for more messages: holds them back, and in
 * the end keeps the client from being read, until the governor finds room.
 */
export class Throttle {
  readonly #options: ThrottleOptions;
  readonly #held = new HeldBack();
  #link: Link | undefined;
  /** Resolves when the Router is done with what was held back. */
  #released: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #onChange = (): void => this.#changed();

  /** Makes one that lets everything through as long as there is memory. */
  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** Whether packets need not come this way. */
  get idle(): boolean {
    return this.#options.router.governor.step === MemoryStep.Free &&
      this.#held.empty && this.#released === undefined;
  }

  /**
   * Takes the packets of one read, of so many bytes; resolves when the client may be read again. The read buffer's
   * array is left to them if any must wait.
   */
  async submit(
    link: Link,
    packets: readonly FinishedPacket[],
    bytes: number,
  ): Promise<void> {
    const { router, counters, input } = this.#options;
    await this.#released;
    this.#released = undefined;
    if (this.idle) return await router.submit(link, packets);
    this.#link = link;
    const passed = this.#held.sift(packets, bytes);
    if (!this.#held.empty) {
      this.#meter(input.capacity);
      input.leave();
      router.governor.onceChanged(this.#onChange);
    }
    link.source = input.shared;
    if (passed.length > 0) await router.submit(link, passed);
    if (router.governor.step > MemoryStep.Waiting) {
      this.#held.dropAtMostOnce(counters);
    }
    await this.#roomToRead();
  }

  /** Lets go of what is held back: the connection has ended. */
  end(): void {
    this.#ended = true;
    this.#options.router.governor.forget(this.#onChange);
    this.#held.takeAll();
    this.#meter(-this.#held.bufferBytes);
    this.#wake?.();
  }

  async #roomToRead(): Promise<void> {
    const { watch } = this.#options;
    while (this.#held.full && !this.#ended) {
      watch.deaf = true;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    watch.listen();
  }

  #changed(): void {
    const { router, counters } = this.#options;
    const { step } = router.governor;
    if (step === MemoryStep.Free) {
      const packets = this.#held.takeAll();
      const buffers = this.#held.bufferBytes;
      this.#released = router.submit(this.#link!, packets)
        .then(() => this.#meter(-buffers));
    } else {
      if (step > MemoryStep.Waiting) this.#held.dropAtMostOnce(counters);
      if (this.#held.empty) this.#meter(-this.#held.bufferBytes);
      else router.governor.onceChanged(this.#onChange);
    }
    this.#wake?.();
  }

  #meter(bytes: number): void {
    this.#held.bufferBytes += bytes;
    this.#options.router.governor.inputBytes += bytes;
    if (this.#link !== undefined) this.#link.inputBytes += bytes;
  }
}
