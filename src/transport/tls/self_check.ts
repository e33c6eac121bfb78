// Whether this program can be a TLS server at all: found out by a handshake with itself, before it says that it listens.

import { connect } from "node:tls";
import { describeError } from "../../core/errors.ts";
import { TransportStream } from "../transport_stream.ts";
import type { TlsSettings } from "../listener_settings.ts";
import type { Transport } from "../transport.ts";
import { serverContext, serverHandshake } from "./handshake.ts";
import type { LoadedTls } from "./load.ts";

/** Milliseconds that the handshake may take. */
const LONGEST = 5000;

/**
 * Has a server with these settings shake hands with a client of this program.
 *
 * @throws {Error} If they come to no end, with a sentence that says what to do.
 */
export async function shakeHandsWithItself(
  settings: TlsSettings,
  loaded: LoadedTls,
): Promise<void> {
  const [near, far] = memoryPair();
  const client = connect({
    socket: new TransportStream(far),
    // Only the handshake is tried: who the server is, is known.
    rejectUnauthorized: false,
  });
  client.on("error", () => {});
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error("no answer came")),
    LONGEST,
  );
  try {
    const server = await Promise.race([
      serverHandshake(new TransportStream(near), {
        context: serverContext(settings, loaded),
        settings,
        protocol: undefined,
      }),
      late,
    ]);
    server.on("error", () => {});
    server.destroy();
  } catch (error) {
    throw new Error(
      `this program cannot speak TLS: it failed to shake hands with itself, since ${
        describeError(error)
      }. It runs on Deno ${Deno.version.deno}; TLS listeners need 2.9 or later`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    client.destroy();
    near.close();
    far.close();
  }
}

/** Two ends of a connection within this program. */
function memoryPair(): [Transport, Transport] {
  const one = new MemoryPipe();
  const other = new MemoryPipe();
  return [new MemoryTransport(one, other), new MemoryTransport(other, one)];
}

/** Bytes on their way in one direction. */
class MemoryPipe {
  #chunks: Uint8Array[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  put(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice());
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async take(buffer: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#closed) return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    const [first] = this.#chunks;
    const count = Math.min(first!.length, buffer.length);
    buffer.set(first!.subarray(0, count));
    if (count === first!.length) this.#chunks.shift();
    else this.#chunks[0] = first!.subarray(count);
    return count;
  }
}

class MemoryTransport implements Transport {
  readonly peer = "this program";
  readonly host = "this program";
  readonly certificate = undefined;
  readonly #incoming: MemoryPipe;
  readonly #outgoing: MemoryPipe;

  constructor(incoming: MemoryPipe, outgoing: MemoryPipe) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#incoming.take(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#outgoing.put(bytes);
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    this.#outgoing.close();
    return Promise.resolve();
  }

  close(): void {
    this.#outgoing.close();
    this.#incoming.close();
  }
}
