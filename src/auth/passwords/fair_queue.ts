import { Deque } from "../../core/deque.ts";

/** How much a {@linkcode FairQueue} does and holds. */
export interface FairQueueOptions {
  /** Jobs done at the same time. */
  readonly atOnce: number;
  /** Jobs that may wait. */
  readonly most: number;
  /** Jobs of one asker that may wait. */
  readonly mostOfOne: number;
}

/**
 * Does costly jobs a few at a time, in turn for each asker, so that one who asks a thousand times holds up nobody else
 * for longer than one job takes.
 */
export class FairQueue {
  readonly #options: FairQueueOptions;
  /** The askers in the order of their turns. Each has at least one job. */
  readonly #askers = new Map<string, Deque<() => Promise<void>>>();
  #running = 0;
  #waiting = 0;

  /** Has nothing to do yet. */
  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** Jobs that wait now. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Has a job done in its turn; `undefined` at once where too many wait already. A job must not throw. */
  run<T>(asker: string, job: () => Promise<T>): Promise<T> | undefined {
    const { atOnce, most, mostOfOne } = this.#options;
    if (this.#running < atOnce) return this.#start(job);
    const jobs = this.#askers.get(asker) ?? new Deque<() => Promise<void>>();
    if (this.#waiting >= most || jobs.length >= mostOfOne) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    jobs.pushBack(() => this.#start(job).then(resolve, reject));
    this.#askers.set(asker, jobs);
    this.#waiting++;
    return promise;
  }

  async #start<T>(job: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await job();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  #next(): void {
    const [first] = this.#askers;
    if (first === undefined) return;
    const [asker, jobs] = first;
    const job = jobs.popFront()!;
    this.#waiting--;
    this.#askers.delete(asker);
    if (jobs.length > 0) this.#askers.set(asker, jobs);
    void job();
  }
}
