import { isSocket, PROTOCOLS, speaksTls } from "../protocols.ts";
import { delay } from "@std/async/delay";
import type { Clock } from "../../core/clock.ts";
import type { Counters } from "../../core/counters.ts";
import { describeError, StartError } from "../../core/errors.ts";
import type { Limits } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import { LimitedLog } from "../../core/limited_log.ts";
import type { Timers } from "../../core/timer_wheel.ts";
import { type AllBound, bindAll, isAbsent } from "../socket/open_address.ts";
import type { InheritedSockets } from "../socket/inherited_sockets.ts";
import { openWhenThere } from "./late_binding.ts";
import {
  type BoundAddress,
  formatAddress,
  type ListenerSettings,
  type PortAddress,
  type SocketAddress,
} from "../listener_settings.ts";
import { type Gate, Handshakes } from "./handshakes.ts";
import { ProxyGate } from "../proxy/gate.ts";
import type { TlsKeeper } from "../tls/keeper.ts";
import type { Transport } from "../transport.ts";

/** What a Listener is made with. */
export interface ListenerOptions {
  /** Where to listen, and how. */
  readonly settings: ListenerSettings;
  /** Where it tells of connections that it could not accept. */
  readonly log: Log;
  /** Where it counts TLS handshakes that failed. */
  readonly counters: Pick<Counters, "tlsFailures">;
  /** The time by which it paces what it tells. */
  readonly clock: Clock;
  /** Wakes it for its deadlines. */
  readonly timers: Timers;
  /** How long a client may take, and how much it may send at once. */
  readonly limits: Pick<
    Limits,
    "connectTimeout" | "maximumConnectSize" | "maximumPacketSize"
  >;
  /** Takes each accepted connection over. */
  readonly onAccept: (transport: Transport) => void;
  /** Connections are accepted once this has resolved, and wait in the system's backlog until then; left out, at once. */
  readonly ready?: Promise<void>;
  /** Sockets that were passed, of which it takes its own; left out, there are none. */
  readonly inherited?: InheritedSockets;
}

/** How the rest of the broker talks to a Listener. */
export interface ListenerHandle {
  /** Where it really listens; `undefined` while its address is not there, for which it waits. */
  readonly address: PortAddress | SocketAddress | undefined;
  /** All addresses that it listens on: several where its host name has several. */
  readonly addresses: readonly (PortAddress | SocketAddress)[];
  /** Days until its certificate expires, below 0 afterwards; `undefined` without TLS. */
  readonly certificateDays: number | undefined;
  /**
   * Loads its certificates anew, and returns what has them hold for those who come from then on.
   *
   * @throws {StartError} If they cannot be used; the ones before hold on.
   */
  renewCertificates(): Promise<() => void>;
  /** Accepts no more connections, and waits no longer; resolves when the address is free again. Harmless twice. */
  close(): Promise<void>;
}

/** Milliseconds to wait after accept failed, as with too many open files; doubles up to a second. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1000;
/** Bytes that WebSocket and what stands before CONNECT in it may take. */
const FRAMING = 4 * 1024;

/** The actor that accepts the connections of one address, or of all that one host name has. Its mailbox is the system's backlog. */
export class Listener implements ListenerHandle {
  readonly #options: ListenerOptions;
  /** What stands before MQTT; `undefined` where nothing does. */
  readonly #opening: Handshakes | undefined;
  /** Its certificates; `undefined` without TLS. */
  readonly #tls: TlsKeeper | undefined;
  readonly #stop = new AbortController();
  /** What it listens on: one address, or all that its host name has. */
  #bound: BoundAddress[] = [];
  #running: Promise<void> = Promise.resolve();

  /**
   * Starts to listen, or to wait for the address to be there.
   *
   * @throws {StartError} If the address cannot be listened on.
   */
  static async start(options: ListenerOptions): Promise<ListenerHandle> {
    const { settings: { address } } = options;
    const url = formatAddress(address);
    const tls = await startTls(options, url);
    const actor = new Listener(options, await gatesOf(options, tls), tls);
    const open = () => bindAll(address, options);
    try {
      actor.#running = actor.#serve(await open());
    } catch (error) {
      if (!isAbsent(error)) {
        actor.close();
        const reason = describeError(error);
        throw new StartError(`Cannot listen on ${url}: ${reason}`, 1, {
          cause: error,
        });
      }
      actor.#running = actor.#runLater(url, open, error);
    }
    return actor;
  }

  private constructor(
    options: ListenerOptions,
    gates: readonly Gate[],
    tls: TlsKeeper | undefined,
  ) {
    const { limits, timers, onAccept } = options;
    this.#options = options;
    this.#tls = tls;
    this.#opening = gates.length === 0 ? undefined : new Handshakes({
      gates,
      time: limits.connectTimeout,
      timers,
      refused: new LimitedLog("Connection refused", {
        ...options,
        subject: "address",
      }),
      onAccept,
    });
  }

  get address(): PortAddress | SocketAddress | undefined {
    const [first] = this.#bound;
    if (first === undefined || this.#bound.length === 1) return first?.address;
    const { hostname } = this.#options.settings.address as PortAddress;
    return { ...first.address as PortAddress, hostname };
  }

  get addresses(): readonly (PortAddress | SocketAddress)[] {
    return this.#bound.map(({ address }) => address);
  }

  get certificateDays(): number | undefined {
    return this.#tls?.days;
  }

  async renewCertificates(): Promise<() => void> {
    if (this.#tls === undefined) return () => {};
    try {
      return await this.#tls.renew();
    } catch (error) {
      const url = formatAddress(this.#options.settings.address);
      const reason = describeError(error);
      throw new StartError(
        `Cannot exchange the certificates of ${url}: ${reason}`,
        1,
        { cause: error },
      );
    }
  }

  close(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#tls?.close();
      this.#stop.abort();
      for (const one of this.#bound) one.close();
      this.#opening?.close();
    }
    // The system gives the address up only when the last accept has ended.
    return this.#running;
  }

  /** Waits until the address, or one of its host name's, is there. */
  async #runLater(
    url: string,
    open: () => Promise<AllBound>,
    absence: unknown,
  ): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stop;
    const close = ({ bound }: AllBound): void => {
      for (const one of bound) one.close();
    };
    const binding = { url, open, close, log, signal };
    const all = await openWhenThere(binding, absence);
    if (all !== undefined) await this.#serve(all);
  }

  /** Accepts the connections of these addresses, and of those that are not there yet once they are. */
  async #serve({ bound, absent }: AllBound): Promise<void> {
    this.#bound.push(...bound);
    await Promise.all([
      ...bound.map((one) => this.#run(one)),
      ...absent.map(({ hostname, port, error }) => {
        const { address: named } = this.#options.settings;
        const address = { ...named as PortAddress, hostname, port };
        const open = () => bindAll(address, this.#options);
        return this.#runLater(formatAddress(address), open, error);
      }),
    ]);
  }

  async #run(door: BoundAddress): Promise<void> {
    const { log, onAccept, ready } = this.#options;
    const { signal } = this.#stop;
    let pause = FIRST_PAUSE;
    await ready;
    while (!signal.aborted) {
      try {
        const transport = await door.accept();
        if (signal.aborted) return transport.close();
        pause = FIRST_PAUSE;
        if (this.#opening === undefined) onAccept(transport);
        else this.#opening.lead(transport);
      } catch (error) {
        if (signal.aborted) return;
        log.warn("Cannot accept a connection", {
          error: describeError(error),
          pause,
        });
        await delay(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }
}

/** Loads what TLS needs, where the address asks for it, and keeps it up to date. */
async function startTls(
  options: ListenerOptions,
  url: string,
): Promise<TlsKeeper | undefined> {
  const { settings: { address, tls } } = options;
  if (!speaksTls(address)) return undefined;
  if (tls === undefined) {
    throw new StartError(`Cannot listen on ${url}: it needs a certificate`);
  }
  try {
    const { TlsKeeper } = await import("../tls/keeper.ts");
    const { protocol } = address;
    return await TlsKeeper.start({
      ...options,
      settings: tls,
      protocol: PROTOCOLS[protocol].alpn,
      url,
    });
  } catch (error) {
    throw new StartError(
      `Cannot listen on ${url}: ${describeError(error)}`,
      1,
      {
        cause: error,
      },
    );
  }
}

/** What connections of a listener go through before MQTT. */
async function gatesOf(
  options: ListenerOptions,
  tls: TlsKeeper | undefined,
): Promise<Gate[]> {
  const { settings: { address, proxiesFrom, webSocket }, limits } = options;
  const gates: Gate[] = [];
  if (proxiesFrom !== undefined) gates.push(new ProxyGate(proxiesFrom));
  if (tls !== undefined) gates.push(tls.gate);
  if (webSocket !== undefined) {
    const faults = new LimitedLog("WebSocket client broke its protocol", {
      ...options,
      subject: "address",
    });
    const { WebSocketGate } = await import("../web_socket/gate.ts");
    gates.push(
      new WebSocketGate({
        rules: {
          ...webSocket,
          path: isSocket(address) ? undefined : address.path,
        },
        limits: {
          first: limits.maximumConnectSize + FRAMING,
          later: limits.maximumPacketSize + FRAMING,
        },
        onFault: ({ host }, reason) => faults.note(host, 1, { reason }),
      }),
    );
  }
  return gates;
}
