import type { CountersSnapshot } from "../core/counters.ts";

/** What is told of the broker as a whole on the control socket. Times are in milliseconds since the epoch. */
export interface StatusInfo {
  /** The program's version. */
  readonly version: string;
  /** Its process id. */
  readonly pid: number;
  /** When it started. */
  readonly startedAt: number;
  /** The configuration file that it goes by; `null` for none. */
  readonly configuration: string | null;
  /** Where it keeps things; `null` for memory alone. */
  readonly folder: string | null;
  /** Its listeners. */
  readonly listeners: readonly ListenerInfo[];
  /** What the operator should do something about. */
  readonly alarms: readonly {
    readonly alarm: string;
    readonly sentence: string;
  }[];
  /** Bytes of memory that its process and its main thread's objects have. */
  readonly memory: { readonly rss: number; readonly heapUsed: number };
  /** What it has counted. */
  readonly counters: CountersSnapshot;
}

/** What is told of one listener. */
export interface ListenerInfo {
  /** Its URL, with the port that the system chose. */
  readonly url: string;
  /** Whether it listens; if not, it waits for its address. */
  readonly listening: boolean;
  /** Connections through it. */
  readonly connections: number;
  /** Days until its certificate expires; `null` for none. */
  readonly certificateDays: number | null;
}
