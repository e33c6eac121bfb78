import type { Denial, Exchange, Identity, Step } from "./method.ts";

/** The step that lets nobody in. */
export function denied(cause: Denial["cause"], detail: string): Step {
  return { type: "denied", denial: { cause, detail } };
}

/** An exchange that is over with its first step, with nothing in it that could be guessed. */
export function settled(step: Step): Exchange {
  return { take: () => Promise.resolve(step) };
}

/** An exchange that lets a client in with its first step. */
export function granted(identity: Identity): Exchange {
  return settled({ type: "granted", identity });
}
