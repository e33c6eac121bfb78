/** What Linux knows about a process from outside, whatever runs in it. */

/** The figures of one process at one moment. */
export interface ProcessFigures {
  /** Milliseconds, as `performance.now()` counts them. */
  readonly at: number;
  /** Resident memory in KiB. */
  readonly residentKiB: number;
  /** What of it is not in files, in KiB; the rest varies with how the system reads them. */
  readonly anonymousKiB: number;
  /** CPU time used since its start, in milliseconds (the kernel counts in steps of ten). */
  readonly cpuMs: number;
  /** Open descriptors. */
  readonly descriptors: number;
}

/** Clock ticks of `/proc/PID/stat` in a second: 100 on every Linux that Deno runs on. */
const TICKS = 100;

/** CPU time that a process has used since its start, all threads together, in milliseconds. */
export function cpuTime(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name in parentheses may hold blanks; state is the first field after it, utime the twelfth.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1000 / TICKS;
}

/** Reads the figures of a process. Throws if it has ended, or where there is no `/proc`. */
export function readProcess(pid: number): ProcessFigures {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kibibytes = (name: string): number => {
    const amount = new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status)?.[1];
    if (amount === undefined) throw new Error(`Process ${pid} has ended`);
    return Number(amount);
  };
  return {
    at: performance.now(),
    residentKiB: kibibytes("VmRSS"),
    anonymousKiB: kibibytes("RssAnon"),
    cpuMs: cpuTime(pid),
    descriptors: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
  };
}

/** CPU use between two moments, in percent of one core. */
export function cpuPercent(from: ProcessFigures, to: ProcessFigures): number {
  return (to.cpuMs - from.cpuMs) / (to.at - from.at) * 100;
}

/** By how much values taken at equal distances rise from one to the next: the least-squares line through them. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  let rise = 0;
  let run = 0;
  values.forEach((value, index) => {
    rise += (index - middle) * value;
    run += (index - middle) ** 2;
  });
  return run === 0 ? 0 : rise / run;
}

/** The middle one of values, or halfway between the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
