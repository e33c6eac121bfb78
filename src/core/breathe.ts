const NOTHING = new Uint8Array(0);

/**
 * Lets everybody else work before a long piece of work goes on. To be called after a slice of one or two milliseconds.
 *
 * `setImmediate` would not do: Deno looks at its sockets only when its event loop has nothing to do, or else after 61
 * rounds. If each of these is a slice of 2 ms, a PINGREQ waits for an eighth of a second. So this waits for something
 * that another thread does (an empty digest, 0.1 ms), and the loop looks meanwhile.
 */
export async function breathe(): Promise<void> {
  await crypto.subtle.digest("SHA-1", NOTHING);
}
