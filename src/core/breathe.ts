import { setImmediate } from "node:timers/promises";

/** After so many slices sockets are looked at. */
const SLICES_DEAF = 5;

const NOTHING = new Uint8Array(0);

let slices = 0;

/**
 * Lets everybody else work before a long piece of work goes on. To be called after a slice of one or two milliseconds.
 *
 * `setImmediate` alone is not enough: Deno looks at its sockets only when its event loop has nothing to do, or else
 * after 61 rounds. If each of these is a slice of 2 ms, a PINGREQ waits for an eighth of a second. So this also waits,
 * now and then, for something that another thread does (an empty digest, 0.15 ms), and the loop looks meanwhile.
 */
export async function breathe(): Promise<void> {
  slices++;
  if (slices % SLICES_DEAF === 0) {
    await crypto.subtle.digest("SHA-1", NOTHING);
  } else {
    await setImmediate();
  }
}
