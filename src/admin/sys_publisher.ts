import type { Timers } from "../core/timer_wheel.ts";
import type {
  SystemSource,
  SystemText,
} from "../router/delivery/system_messages.ts";
import type { RouterHandle } from "../router/handle.ts";
import { sysLoads, type SysSource, sysTopics } from "./sys_topics.ts";

/** What a {@linkcode SysPublisher} works with. */
export interface SysPublisherOptions extends SysSource {
  /** Where it publishes. */
  readonly router: Pick<RouterHandle, "systemSource" | "publishSystem">;
  /** Wakes it. */
  readonly timers: Timers;
  /** Milliseconds between two times. */
  readonly interval: number;
}

const PREFIX = "$SYS/broker/";
const MINUTE = 60_000;
/** The minutes over which loads are averages. */
const AVERAGES = [1, 5, 15] as const;

/** One load: what was counted last, and the averages a minute. */
interface Load {
  count: number;
  readonly averages: number[];
}

/**
 * Publishes what the broker tells of itself below `$SYS`, again and again while anybody has subscribed to that: then
 * only what has changed. While nobody has, nothing is computed and no timer runs.
 */
export class SysPublisher implements SystemSource {
  readonly #options: SysPublisherOptions;
  /** What was published last, by topic. */
  readonly #told = new Map<string, string>();
  readonly #loads = new Map<string, Load>();
  #running = false;

  /** Begins where somebody has subscribed already. */
  constructor(options: SysPublisherOptions) {
    this.#options = options;
    options.router.systemSource(this);
  }

  /** What has changed; called when a client is about to subscribe, which is to find what holds now. */
  changes(): SystemText[] {
    if (!this.#running) {
      this.#running = true;
      this.#loads.clear();
      for (const [name, count] of sysLoads(this.#options.counters)) {
        this.#loads.set(name, { count, averages: AVERAGES.map(() => 0) });
      }
      this.#sleep();
    }
    return this.#changes();
  }

  #sleep(): void {
    const { timers, interval } = this.#options;
    timers.schedule(interval, () => this.#wake());
  }

  #wake(): void {
    this.#options.router.publishSystem((heard) => {
      if (!heard) {
        this.#running = false;
        return this.#forgotten();
      }
      this.#average();
      this.#sleep();
      return this.#changes();
    });
  }

  /** Takes all texts away: nobody is to find what held when the last subscriber went. */
  #forgotten(): SystemText[] {
    const texts = [...this.#told.keys()].map((topic) => [topic, ""] as const);
    this.#told.clear();
    return texts;
  }

  /** The topics whose texts are others than before. */
  #changes(): [string, string][] {
    const changes: [string, string][] = [];
    for (const [name, value] of this.#values()) {
      const text = String(value);
      const topic = PREFIX + name;
      if (this.#told.get(topic) === text) continue;
      this.#told.set(topic, text);
      changes.push([topic, text]);
    }
    return changes;
  }

  *#values(): Generator<[string, number | string]> {
    yield* sysTopics(this.#options);
    for (const [name, { averages }] of this.#loads) {
      for (const [at, minutes] of AVERAGES.entries()) {
        yield [`load/${name}/${minutes}min`, averages[at]!.toFixed(2)];
      }
    }
  }

  /** Has what came since the last time weigh less and less with each time: exponential moving averages. */
  #average(): void {
    const { counters, interval } = this.#options;
    for (const [name, count] of sysLoads(counters)) {
      const load = this.#loads.get(name)!;
      const rate = (count - load.count) * MINUTE / interval;
      load.count = count;
      for (const [at, minutes] of AVERAGES.entries()) {
        const weight = Math.exp(-interval / (minutes * MINUTE));
        load.averages[at] = load.averages[at]! * weight + rate * (1 - weight);
      }
    }
  }
}
