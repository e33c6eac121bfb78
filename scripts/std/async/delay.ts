/** Stand-in for `@std/async/delay`, for machines that cannot reach JSR. */

/** The longest wait that one timer can hold, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Options of `delay`. */
export interface DelayOptions {
  /** Ends the wait; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Whether the wait keeps the process alive (true unless told otherwise). */
  persistent?: boolean;
}

/** Resolves after a number of milliseconds, or rejects with the signal's reason. */
export function delay(ms: number, options: DelayOptions = {}): Promise<void> {
  const { signal, persistent = true } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    let rest = Math.max(Math.trunc(ms) || 0, 0);
    let timer: ReturnType<typeof setTimeout>;
    const start = () => {
      const turn = Math.min(rest, LONGEST_TIMER_MS);
      rest -= turn;
      timer = setTimeout(rest > 0 ? start : finish, turn);
      if (!persistent) Deno.unrefTimer(Number(timer));
    };
    const finish = () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    };
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    start();
  });
}
