// What systemd is told by a service of the type `notify` (sd_notify(3)): datagrams to the socket that it names.

import { describeError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import {
  type Environment,
  runtimeFolder,
} from "../config/settings/data_folder.ts";

/** How systemd is told something, where it started the broker. */
export class Systemd {
  /** Milliseconds after which systemd takes the broker for stuck; `undefined` where it does not watch. */
  readonly watchdog: number | undefined;
  readonly #socket: Deno.DatagramConn;
  readonly #to: Deno.UnixAddr;
  readonly #log: Log;
  #status = "";
  #sending: Promise<void> = Promise.resolve();
  #failed = false;

  /** The systemd that has started this process; `undefined` where none has, or it cannot be told anything. */
  static find(variable: Environment, log: Log): Systemd | undefined {
    const path = variable("NOTIFY_SOCKET");
    if (!path) return undefined;
    try {
      return new Systemd(path, variable, log);
    } catch (error) {
      log.warn("Cannot tell systemd how the broker is", {
        error: describeError(error),
      });
      return undefined;
    }
  }

  private constructor(path: string, variable: Environment, log: Log) {
    if (!path.startsWith("/")) {
      throw new Error(`NOTIFY_SOCKET is ${path}, and only paths are known`);
    }
    const microseconds = Number(variable("WATCHDOG_USEC"));
    const isOurs = [undefined, "", String(Deno.pid)].includes(
      variable("WATCHDOG_PID"),
    );
    this.watchdog = isOurs && microseconds > 0
      ? microseconds / 1000
      : undefined;
    this.#to = { transport: "unixpacket", path };
    this.#log = log;
    const folder = runtimeFolder() ?? Deno.makeTempDirSync();
    const own = `${folder}/notify-${Deno.pid}`;
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path: own });
    // It has to have a name to send from, but nobody sends to it.
    Deno.removeSync(own);
  }

  /** The broker is up. */
  ready(status: string): void {
    this.#status = status;
    this.#send(`READY=1\nSTATUS=${status}`);
  }

  /** It is well, and this is going on. */
  alive(status: string): void {
    this.#send(
      status === this.#status ? "WATCHDOG=1" : `WATCHDOG=1\nSTATUS=${status}`,
    );
    this.#status = status;
  }

  /** The start takes long, and is to be waited for so many milliseconds more. */
  starting(status: string, more: number): void {
    this.#send(`STATUS=${status}\nEXTEND_TIMEOUT_USEC=${more * 1000}`);
  }

  /** It reads its configuration anew, until it is ready again. */
  reloading(): void {
    this.#send("RELOADING=1\nSTATUS=Reading the configuration again");
  }

  /** It ends. */
  stopping(): void {
    this.#send("STOPPING=1\nSTATUS=Ending: clients are told");
  }

  /** One after the other: the socket takes no second one meanwhile. */
  #send(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#sending = this.#sending.then(async () => {
      try {
        await this.#socket.send(bytes, this.#to);
      } catch (error) {
        if (this.#failed) return;
        this.#failed = true;
        this.#log.warn("Cannot tell systemd how the broker is", {
          error: describeError(error),
        });
      }
    });
  }
}
