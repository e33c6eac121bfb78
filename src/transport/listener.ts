import { delay } from "@std/async/delay";
import { describeError, StartError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type {
  ListenerSettings,
  PortAddress,
  SocketAddress,
} from "./listener_settings.ts";
import { TcpTransport } from "./tcp.ts";
import type { Transport } from "./transport.ts";

/** What a Listener is made with. */
export interface ListenerOptions {
  /** Where to listen, and how. */
  readonly settings: ListenerSettings;
  /** Where it tells of connections that it could not accept. */
  readonly log: Log;
  /** Takes each accepted connection over. */
  readonly onAccept: (transport: Transport) => void;
}

/** How the rest of the broker talks to a Listener. */
export interface ListenerHandle {
  /** Where it really listens. */
  readonly address: PortAddress | SocketAddress;
  /** Accepts no more connections. */
  close(): void;
}

/** Milliseconds to wait after accept failed, as with too many open files; doubles up to a second. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1000;

/** The actor that accepts the connections of one address. Its mailbox is the system's backlog. */
export class Listener {
  readonly #listener: Deno.TcpListener;
  readonly #options: ListenerOptions;
  #closed = false;

  /**
   * Starts to listen.
   *
   * @throws {StartError} If the address cannot be listened on.
   */
  static start(options: ListenerOptions): ListenerHandle {
    const { address } = options.settings;
    if (address.protocol !== "mqtt") {
      throw new StartError(
        `Cannot listen for ${address.protocol}://: only mqtt:// is supported`,
      );
    }
    const { protocol, hostname, port } = address;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    let listener: Deno.TcpListener;
    try {
      listener = Deno.listen({ hostname, port, transport: "tcp" });
    } catch (error) {
      throw new StartError(
        `Cannot listen on ${protocol}://${host}:${port}: ${
          describeError(error)
        }`,
        1,
        {
          cause: error,
        },
      );
    }
    const actor = new Listener(listener, options);
    actor.#run();
    const { addr } = listener;
    return {
      address: { protocol, hostname: addr.hostname, port: addr.port },
      close: () => actor.#close(),
    };
  }

  private constructor(listener: Deno.TcpListener, options: ListenerOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  async #run(): Promise<void> {
    let pause = FIRST_PAUSE;
    while (!this.#closed) {
      try {
        const connection = await this.#listener.accept();
        pause = FIRST_PAUSE;
        this.#options.onAccept(new TcpTransport(connection));
      } catch (error) {
        if (this.#closed) return;
        this.#options.log.warn("Cannot accept a connection", {
          error: describeError(error),
          pause,
        });
        await delay(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  #close(): void {
    this.#closed = true;
    this.#listener.close();
  }
}
