/** A signal that may ask the broker to end. */
export type EndSignal = "SIGHUP" | "SIGINT" | "SIGTERM" | "SIGBREAK";

/** Their numbers. */
const NUMBERS: Readonly<Record<EndSignal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGTERM: 15,
  SIGBREAK: 21,
};

/** Those that do here. Only Windows has SIGBREAK; there SIGHUP says that the console is closed. */
const END_SIGNALS: readonly EndSignal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM"];

/** What {@linkcode endSignals} returns. */
export interface EndSignals {
  /** Resolves at the first signal: end in good order. */
  readonly first: Promise<EndSignal>;
  /** Resolves at the second: end at once. */
  readonly second: Promise<EndSignal>;
}

/** Calls back at each such signal, from now until the process ends; never where the system knows no such signal. */
export function onSignal(signal: Deno.Signal, callback: () => void): void {
  try {
    Deno.addSignalListener(signal, callback);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Listens to the signals that ask the broker to end, from now until the process ends. */
export function endSignals(): EndSignals {
  const first = Promise.withResolvers<EndSignal>();
  const second = Promise.withResolvers<EndSignal>();
  let isFirst = true;
  for (const signal of END_SIGNALS) {
    onSignal(signal, () => {
      (isFirst ? first : second).resolve(signal);
      isFirst = false;
    });
  }
  return { first: first.promise, second: second.promise };
}

/** Calls back at each signal that asks the broker to load its settings anew, from now until the process ends. */
export function onReloadSignal(callback: () => void): void {
  if (!END_SIGNALS.includes("SIGHUP")) onSignal("SIGHUP", callback);
}

/** The exit status of a process that a signal ended, as shells count it. */
export function signalStatus(signal: EndSignal): number {
  return 128 + NUMBERS[signal];
}
