/** The signals that ask the broker to end, and their numbers. Windows knows no SIGTERM. */
const END_SIGNALS = Deno.build.os === "windows"
  ? { SIGINT: 2, SIGBREAK: 21 } as const
  : { SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that asks the broker to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGBREAK";

/** What {@linkcode endSignals} returns. */
export interface EndSignals {
  /** Resolves at the first signal: end in good order. */
  readonly first: Promise<EndSignal>;
  /** Resolves at the second: end at once. */
  readonly second: Promise<EndSignal>;
}

/** Listens to the signals that ask the broker to end, from now until the process ends. */
export function endSignals(): EndSignals {
  const first = Promise.withResolvers<EndSignal>();
  const second = Promise.withResolvers<EndSignal>();
  let isFirst = true;
  for (const signal of Object.keys(END_SIGNALS) as EndSignal[]) {
    Deno.addSignalListener(signal, () => {
      (isFirst ? first : second).resolve(signal);
      isFirst = false;
    });
  }
  return { first: first.promise, second: second.promise };
}

/** Calls back at each signal that asks the broker to load its settings anew, from now until the process ends. */
export function onReloadSignal(callback: () => void): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", callback);
}

/** The exit status of a process that a signal ended, as shells count it. */
export function signalStatus(signal: EndSignal): number {
  return 128 + (END_SIGNALS as Readonly<Record<string, number>>)[signal]!;
}
