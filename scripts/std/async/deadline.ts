/** Stand-in for `@std/async/deadline`, for machines that cannot reach JSR. */

/** Options of `deadline`. */
export interface DeadlineOptions {
  /** Ends the wait early; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Settles as the given promise does, or rejects with a TimeoutError after a number of milliseconds. */
export async function deadline<T>(
  p: Promise<T>,
  ms: number,
  options: DeadlineOptions = {},
): Promise<T> {
  const signals: AbortSignal[] = [];
  if (ms < Number.MAX_SAFE_INTEGER) signals.push(AbortSignal.timeout(ms));
  if (options.signal !== undefined) signals.push(options.signal);
  const signal = AbortSignal.any(signals);
  signal.throwIfAborted();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([p, ended]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
