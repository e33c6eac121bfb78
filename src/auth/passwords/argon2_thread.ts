import type { Argon2Reply, Argon2Request } from "./argon2_worker.ts";
import type { Timer, Timers } from "../../core/timer_wheel.ts";

/** Milliseconds without work after which the thread is ended, and its memory comes back. */
const IDLE = 30_000;

/**
 * Works out Argon2id hashes in a thread of its own, one after the other. The thread, and the code for it, come with the
 * first hash and go when there was none for half a minute.
 */
export class Argon2Thread {
  readonly #timers: Timers;
  #worker: Worker | undefined;
  #idle: Timer | undefined;
  #waiting: PromiseWithResolvers<Uint8Array>[] = [];

  /** Starts nothing yet. */
  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Whether the thread is there. */
  get runs(): boolean {
    return this.#worker !== undefined;
  }

  /** Works one out. Rejects where the thread dies. */
  hash(request: Argon2Request): Promise<Uint8Array> {
    this.#worker ??= this.#start();
    this.#idle?.cancel();
    const waiting = Promise.withResolvers<Uint8Array>();
    this.#waiting.push(waiting);
    this.#worker.postMessage(request);
    return waiting.promise;
  }

  /** Ends the thread. What it works at rejects. */
  close(): void {
    this.#idle?.cancel();
    this.#end(new Error("the thread was ended"));
  }

  #start(): Worker {
    const entry = new URL("./argon2_worker.ts", import.meta.url);
    const worker = new Worker(entry, { type: "module", name: "argon2" });
    worker.onmessage = ({ data }: MessageEvent<Argon2Reply>) => {
      const waiting = this.#waiting.shift()!;
      if ("hash" in data) waiting.resolve(data.hash);
      else waiting.reject(new Error(data.error));
      if (this.#waiting.length === 0) this.#rest();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(event.message));
    };
    return worker;
  }

  #rest(): void {
    if (this.#idle === undefined) {
      this.#idle = this.#timers.schedule(IDLE, () => this.#stop());
    } else this.#idle.reschedule(IDLE);
  }

  #stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #end(error: Error): void {
    this.#stop();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.reject(error);
  }
}
