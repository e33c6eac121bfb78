import { delay } from "@std/async/delay";
import { describeError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { isAbsent } from "../socket/open_address.ts";

/** Milliseconds until an address that is not there is tried again; doubles up to the second figure. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;

/** What {@linkcode openWhenThere} works with. */
export interface LateBinding<Opened> {
  /** The address, for the log. */
  readonly url: string;
  /** Tries to listen. */
  readonly open: () => Promise<Opened>;
  /** Lets go of what was opened: the waiting was ended meanwhile. */
  readonly close: (opened: Opened) => void;
  /** Where it tells that it waits and that it listens. */
  readonly log: Log;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Lets so many milliseconds go by; rejects when the signal comes. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Tries until an address can be listened on, after it was found absent; `undefined` if the waiting was ended. */
export async function openWhenThere<Opened>(
  { url, open, close, log, signal, pause = wait }: LateBinding<Opened>,
  absence: unknown,
): Promise<Opened | undefined> {
  let told = describeError(absence);
  log.warn("Waiting for an address to listen on", { url, error: told });
  for (let ms = FIRST_PAUSE;; ms = Math.min(ms * 2, LONGEST_PAUSE)) {
    try {
      await pause(ms, signal);
    } catch {
      return undefined;
    }
    try {
      const opened = await open();
      if (signal.aborted) {
        close(opened);
        return undefined;
      }
      log.info("Listening", { url });
      return opened;
    } catch (error) {
      const reason = describeError(error);
      if (reason === told) continue;
      told = reason;
      // The address has come, but with something else in the way: an operator can clear that away.
      if (!isAbsent(error)) log.error("Cannot listen", { url, error: reason });
    }
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, { signal });
}
