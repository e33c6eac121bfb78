// A look into the running broker, and a hand on it: a socket in the file system, for programs of the same user. Read
// control_server.ts (how it is spoken to), then control_commands.ts (what can be said).

import { describeError, StartError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import {
  type OpenSocket,
  openSocket,
} from "../transport/socket/unix_socket.ts";
import { readLine } from "./read_line.ts";

/** What is asked for: the name of a command, and what else it needs to know. */
export type ControlRequest = Readonly<Record<string, unknown>>;

/** Does what a request asks for. What it throws is told in one sentence. */
export type ControlHandler = (request: ControlRequest) => unknown;

/** What is answered, as one line of JSON. */
export type ControlAnswer =
  /** What came of it. */
  | { readonly result: unknown }
  /** Why nothing did. */
  | { readonly error: string };

/** What a {@linkcode ControlServer} is made with. */
export interface ControlServerOptions {
  /** The socket's file. */
  readonly path: string;
  /** What can be asked for, by its name. */
  readonly handlers: ReadonlyMap<string, ControlHandler>;
  /** Where it tells what went wrong. */
  readonly log: Log;
}

/** Bytes of a request. */
const LONGEST_REQUEST = 64 * 1024;
/** Milliseconds in which a request must have come, been answered, and its answer been taken. */
const PATIENCE = 60_000;
/** Requests at the same time. */
const MOST_CONNECTIONS = 16;

const encoder = new TextEncoder();

/** Answers requests on a Unix socket that its owner alone may use: one line of JSON each way. */
export class ControlServer {
  readonly #socket: OpenSocket;
  readonly #options: ControlServerOptions;
  readonly #connections = new Set<Deno.UnixConn>();

  /**
   * Listens on the socket, in place of one that nobody answers on any more.
   *
   * @throws {StartError} If it cannot be made.
   */
  static async start(options: ControlServerOptions): Promise<ControlServer> {
    const { path } = options;
    try {
      return new ControlServer(await openSocket(path, 0o600), options);
    } catch (error) {
      throw new StartError(
        `Cannot make the control socket ${path}: ${describeError(error)}`,
        undefined,
        { cause: error },
      );
    }
  }

  private constructor(
    socket: OpenSocket,
    options: ControlServerOptions,
  ) {
    this.#socket = socket;
    this.#options = options;
    this.#run();
  }

  /** Answers no more, and takes the socket away. */
  close(): void {
    this.#socket.close();
    for (const connection of this.#connections) end(connection);
  }

  async #run(): Promise<void> {
    try {
      for await (const connection of this.#socket.listener) {
        if (this.#connections.size >= MOST_CONNECTIONS) end(connection);
        else this.#serve(connection);
      }
    } catch (error) {
      this.#options.log.error("The control socket answers no more", {
        error: describeError(error),
      });
    }
  }

  async #serve(connection: Deno.UnixConn): Promise<void> {
    this.#connections.add(connection);
    const timer = setTimeout(() => end(connection), PATIENCE);
    try {
      const line = await readLine(connection, LONGEST_REQUEST);
      if (line === undefined) return;
      const answer = await this.#answer(line);
      let bytes = encoder.encode(`${JSON.stringify(answer)}\n`);
      while (bytes.length > 0) {
        bytes = bytes.subarray(await connection.write(bytes));
      }
    } catch {
      // Whoever asked has gone.
    } finally {
      clearTimeout(timer);
      this.#connections.delete(connection);
      end(connection);
    }
  }

  async #answer(line: string): Promise<ControlAnswer> {
    const { handlers, log } = this.#options;
    const request = parse(line);
    if (request === undefined) {
      return { error: "Cannot read the request: it is no JSON object" };
    }
    const handler = handlers.get(String(request.command));
    if (handler === undefined) {
      return { error: `Unknown command ${JSON.stringify(request.command)}` };
    }
    try {
      return { result: await handler(request) ?? null };
    } catch (error) {
      if (error instanceof StartError) return { error: error.message };
      log.error("Fault in a control command", {
        command: String(request.command),
        error: error instanceof Error ? error : String(error),
      });
      return { error: `Internal error: ${describeError(error)}` };
    }
  }
}

function parse(line: string): ControlRequest | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as ControlRequest
      : undefined;
  } catch {
    return undefined;
  }
}

function end(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
