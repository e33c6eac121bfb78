import type { Counters } from "../core/counters.ts";
import type { FinishedPacket } from "../codec/packet.ts";
import type { Link } from "../session/session.ts";
import { MemoryStep } from "../router/memory_governor.ts";
import type { RouterHandle } from "../router/handle.ts";
import { HeldPackets, type HoldingRule } from "./held_packets.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import type { Liveness } from "./liveness.ts";

/** What a Throttle works with. */
export interface ThrottleOptions {
  /** Where the batches go. */
  readonly router: RouterHandle;
  /** Counts pauses and what is read. */
  readonly counters: Counters;
  /** What a batch borrows until the Router is done with it. */
  readonly input: ReadBuffer;
  /** Told of each pause, for which no client is to blame. */
  readonly liveness: Liveness;
}

const NOTHING_WAITS = (): boolean => false;

/**
 * Stands between a Connection and the Router while there is no memory for more messages, while too many of the client's
 * own wait for a commit, or while there is no room on the disk and no way to tell the client: holds them back, and in
 * the end keeps the client from being read, until there is room.
 */
export class Throttle {
  readonly #options: ThrottleOptions;
  readonly #held = new HeldPackets();
  #link: Link | undefined;
  /** Resolves when the Router is done with what was held back. */
  #released: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #onChange = (): void => this.#changed();

  /** Makes one that lets everything through as long as there is memory and room on the disk. */
  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** Whether packets of this client need not come this way. */
  idle(link: Link): boolean {
    const { governor, disk } = this.#options.router.view;
    return governor.step === MemoryStep.Free && disk.takesMessages &&
      !link.uncommitted.full && this.#held.empty &&
      this.#released === undefined;
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
    this.#link = link;
    const rule = this.#rule(link);
    if (rule === undefined && this.#held.empty) {
      return await router.submit(link, packets);
    }
    const passed = this.#held.sift(packets, bytes, rule ?? NOTHING_WAITS);
    if (!this.#held.empty && passed.length < packets.length) {
      this.#meter(input.capacity);
      input.leave();
      this.#listen(link);
    }
    link.source = input.shared;
    if (passed.length > 0) await router.submit(link, passed);
    if (router.view.governor.step > MemoryStep.Waiting) {
      this.#held.dropAtMostOnce(counters);
    }
    await this.#roomToRead();
  }

  /** Lets go of what is held back: the connection has ended. */
  end(): void {
    this.#ended = true;
    this.#unlisten();
    this.#held.takeAll();
    this.#meter(-this.#held.bufferBytes);
    this.#wake?.();
  }

  async #roomToRead(): Promise<void> {
    const { liveness } = this.#options;
    while (this.#held.full && !this.#ended) {
      liveness.deaf = true;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    // It may wait for an acknowledgement, and be silent until it has it.
    liveness.deaf = !this.#held.empty;
  }

  #changed(): void {
    const { router, counters } = this.#options;
    const link = this.#link!;
    const rule = this.#rule(link);
    this.#unlisten();
    if (rule === "memory") {
      if (router.view.governor.step > MemoryStep.Waiting) {
        this.#held.dropAtMostOnce(counters);
      }
      if (this.#held.empty) this.#meter(-this.#held.bufferBytes);
    } else {
      const packets = this.#held.release(rule ?? NOTHING_WAITS);
      const buffers = this.#held.empty ? this.#held.bufferBytes : 0;
      this.#released = router.submit(link, packets)
        .then(() => this.#meter(-buffers));
    }
    if (!this.#held.empty) this.#listen(link);
    else this.#options.liveness.deaf = false;
    this.#wake?.();
  }

  /** What must wait now; `undefined` if nothing must. */
  #rule(link: Link): HoldingRule | undefined {
    const { router } = this.#options;
    if (
      link.uncommitted.full || router.view.governor.step !== MemoryStep.Free
    ) {
      return "memory";
    }
    if (router.view.disk.takesMessages || link.terms.version === 5) {
      return undefined;
    }
    return (publish) => router.view.waits(link, publish);
  }

  /** Looks again at the next change. */
  #listen(link: Link): void {
    const { governor, disk } = this.#options.router.view;
    if (link.uncommitted.full) link.uncommitted.onceRoom(this.#onChange);
    governor.onceChanged(this.#onChange);
    disk.onceChanged(this.#onChange);
  }

  #unlisten(): void {
    const { governor, disk } = this.#options.router.view;
    governor.forget(this.#onChange);
    disk.forget(this.#onChange);
  }

  #meter(bytes: number): void {
    this.#held.bufferBytes += bytes;
    this.#options.router.view.governor.inputBytes += bytes;
    if (this.#link !== undefined) this.#link.inputBytes += bytes;
  }
}
