// One client's connection. Read `#run` from top to bottom: it is a connection's whole life.

import { setImmediate } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import {
  type Counters,
  DISCONNECTED_CAUSES,
  type DisconnectedCause,
  REFUSED_CAUSES,
  type RefusedCause,
} from "../core/counters.ts";
import { describeError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Timer, Timers } from "../core/timer_wheel.ts";
import { Decoder } from "../codec/decoder.ts";
import { encode } from "../codec/encode.ts";
import {
  type Connect,
  type FinishedPacket,
  PacketType,
  type UnfinishedPacket,
} from "../codec/packet.ts";
import { PacketError } from "../codec/packet_error.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import type { Store } from "../store/store.ts";
import type { Transport } from "../transport/transport.ts";
import { causeOf, DISCONNECT_CODE } from "../session/disconnect_code.ts";
import { Link, type LinkOwner } from "../session/link.ts";
import { Outbox } from "../session/outbox.ts";
import type { RouterHandle } from "../router/router.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { Writer, type WriterHandle } from "./writer.ts";

/** What every Connection is made with. */
export interface ConnectionContext {
  readonly router: RouterHandle;
  readonly store: Store;
  readonly limits: Limits;
  readonly counters: Counters;
  readonly log: Log;
  readonly timers: Timers;
  readonly clock: Clock;
}

/** How the rest of the broker talks to a Connection. */
export interface ConnectionHandle {
  /** Ends it, after telling an MQTT 5 client why. */
  end(cause: DisconnectedCause): void;
  /** Resolves when nothing of it is left. */
  readonly finished: Promise<void>;
}

/** Milliseconds in which an ended client must take its last bytes and close its side. */
const LINGER_TIME = 1000;
/** List items of a long packet that are decoded at a time: about a millisecond's work. */
const STEP_ITEMS = 4000;

/** The Router is told that an Outbox has drained when it holds less than this. */
const DRAINED_BELOW = 32 * 1024;
/** What CONNACK can say before 5.0 (3.1.1, section 3.2.2.3). */
const TOLD_BEFORE_5: ReadonlySet<number> = new Set([
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.ServerUnavailable,
  ReasonCode.BadUserNameOrPassword,
  ReasonCode.NotAuthorized,
]);
const PROTOCOL_NAMES = { 3: "3.1", 4: "3.1.1", 5: "5.0" } as const;

interface Ending {
  /** `undefined` for one that was refused before it was a client. */
  readonly cause: DisconnectedCause | undefined;
  readonly detail: string | undefined;
}

/** The actor that reads from one client: handshake, keep alive, decoding; in the end it tells why it ended. */
export class Connection implements LinkOwner {
  readonly #context: ConnectionContext;
  readonly #transport: Transport;
  readonly #outbox: Outbox;
  readonly #writer: WriterHandle;
  readonly #decoder: Decoder;
  readonly #input = new ReadBuffer();
  #link: Link | undefined;
  #ending: Ending | undefined;
  #clientId: string | undefined;
  #isClient = false;
  readonly #admitted = Promise.withResolvers<void>();
  /** Closes the transport for good when the client does not. */
  #lingering: Timer | undefined;
  #lastRead: number;
  #keepAlive: Timer | undefined;
  #stallTimer: Timer | undefined;

  /** Starts serving a client and returns the handle of its Connection. */
  static start(
    context: ConnectionContext,
    transport: Transport,
  ): ConnectionHandle {
    const connection = new Connection(context, transport);
    return {
      end: (cause) => connection.end(cause),
      finished: connection.#run(),
    };
  }

  private constructor(context: ConnectionContext, transport: Transport) {
    const { limits, counters } = context;
    this.#context = context;
    this.#lastRead = context.clock.monotonic();
    this.#transport = transport;
    this.#outbox = new Outbox(limits.outboxBytes);
    this.#writer = Writer.start({
      transport,
      outbox: this.#outbox,
      clock: context.clock,
      onWritten: (bytes) => this.#written(bytes),
      onFailed: () => this.#lost("networkError"),
    });
    this.#decoder = new Decoder({
      role: "server",
      maximumPacketSize: Math.min(
        limits.maximumConnectSize,
        limits.maximumPacketSize,
      ),
      maximumFilters: limits.subscriptionsPerClient + 1,
      maximumUserProperties: 0,
    });
    counters.connectionOpened();
  }

  async #run(): Promise<void> {
    const { counters } = this.#context;
    try {
      const connect = await this.#handshake();
      if (connect !== undefined) {
        this.#link = this.#makeLink(connect);
        await this.#admission(connect, this.#link);
        await this.#serve(this.#link);
      }
    } catch (error) {
      this.#fault(error);
    }
    await this.#discardRest();
    this.#stallTimer?.cancel();
    this.#transport.close();
    counters.connectionClosed();
  }

  /** Reads CONNECT, the first packet [MQTT-3.1.0-1]; `undefined` if the connection ended instead. */
  async #handshake(): Promise<Connect | undefined> {
    const { limits, timers } = this.#context;
    const timeout = timers.schedule(
      limits.connectTimeout,
      () => this.#refuse("connectTimeout"),
    );
    try {
      for (;;) {
        if (!await this.#read() || this.#ending !== undefined) return undefined;
        const packet = await this.#next();
        if (packet === undefined) continue;
        if (packet.type === PacketType.Connect && this.#isWelcome(packet)) {
          return packet;
        }
        return undefined;
      }
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      const unsupported =
        error.reasonCode === ReasonCode.UnsupportedProtocolVersion;
      const badId = error.reasonCode === ReasonCode.ClientIdentifierNotValid;
      const cause = unsupported
        ? "unsupportedVersion"
        : badId
        ? "badClientId"
        : "badConnect";
      this.#refuse(cause, error.reasonCode, error.message);
      return undefined;
    } finally {
      timeout.cancel();
    }
  }

  /** Whether a well-formed CONNECT is let in; if not, it has been told why. */
  #isWelcome(connect: Connect): boolean {
    const method = connect.properties.authenticationMethod;
    if (method !== undefined) {
      this.#refuse(
        "badAuthenticationMethod",
        ReasonCode.BadAuthenticationMethod,
        `method ${method} is not supported`,
      );
      return false;
    }
    return true;
  }

  #makeLink(connect: Connect): Link {
    const { limits, store } = this.#context;
    const { properties, protocolVersion: version } = connect;
    this.#decoder.maximumPacketSize = limits.maximumPacketSize;
    return new Link({
      owner: this,
      outbox: this.#outbox,
      store,
      terms: {
        version,
        maximumPacketSize: properties.maximumPacketSize ?? Infinity,
        receiveMaximum: Math.min(
          properties.receiveMaximum ?? 65_535,
          limits.maximumInflight,
        ),
        topicAliasMaximum: Math.min(
          properties.topicAliasMaximum ?? 0,
          limits.outboundTopicAliasMaximum,
        ),
      },
    });
  }

  /** Goes through the Router: resolves when CONNACK is on its way, or the connection has ended. */
  async #admission(connect: Connect, link: Link): Promise<void> {
    const { router, limits, counters, log } = this.#context;
    const clientId = connect.clientId === ""
      ? `auto-${crypto.randomUUID()}`
      : connect.clientId;
    this.#clientId = clientId;
    const keepAlive = keepAliveFor(connect, limits);
    const { promise, resolve } = this.#admitted;
    router.connect({
      connect,
      link,
      clientId,
      serverKeepAlive: keepAlive === connect.keepAlive ? undefined : keepAlive,
      accepted: resolve,
    });
    await promise;
    if (this.#ending !== undefined) return;
    counters.clientsTotal++;
    counters.clientsNow++;
    this.#isClient = true;
    log.info("Client connected", {
      client: clientId,
      address: this.#transport.peer,
      protocol: PROTOCOL_NAMES[connect.protocolVersion],
      keepAlive,
    });
    if (keepAlive > 0) this.#watchKeepAlive(keepAlive * 1500);
  }

  /** Reads and hands over batch after batch, until the connection ends. */
  async #serve(link: Link): Promise<void> {
    const { router, counters } = this.#context;
    while (this.#ending === undefined) {
      const start = this.#input.start;
      const packets: FinishedPacket[] = [];
      let fault: PacketError | undefined;
      try {
        await this.#decodeAll(packets);
      } catch (error) {
        if (!(error instanceof PacketError)) throw error;
        fault = error;
      }
      if (packets.length > 0) {
        counters.packetsReceived += packets.length;
        await router.submit(link, packets, this.#input.start - start);
      }
      if (fault !== undefined) {
        this.end(causeOf(fault.reasonCode), fault.reasonCode, fault.message);
      }
      if (this.#outbox.full) await this.#writer.drained();
      if (this.#ending !== undefined || !await this.#read()) return;
    }
  }

  /** Decodes all packets that are there. What was decoded before an error has been added when it throws. */
  async #decodeAll(packets: FinishedPacket[]): Promise<void> {
    const input = this.#input;
    const decoder = this.#decoder;
    while (input.start < input.end) {
      const packet = decoder.decode(input.bytes, input.start, input.end);
      if (packet === undefined) return;
      input.start += decoder.size;
      packets.push(
        packet.type === PacketType.Unfinished ? await finish(packet) : packet,
      );
    }
  }

  /** The next packet, if it is there whole. */
  async #next(): Promise<FinishedPacket | undefined> {
    const input = this.#input;
    const packet = this.#decoder.decode(input.bytes, input.start, input.end);
    if (packet === undefined) return undefined;
    input.start += this.#decoder.size;
    return packet.type === PacketType.Unfinished
      ? await finish(packet)
      : packet;
  }

  /** Reads what is there; says whether there was anything before the end of the stream. */
  async #read(): Promise<boolean> {
    let bytes: number | null;
    try {
      bytes = await this.#transport.read(this.#input.space());
    } catch {
      this.#lost("networkError");
      return false;
    }
    if (bytes === null) {
      this.#lost("clientClosed");
      return false;
    }
    this.#input.filled(bytes);
    this.#lastRead = this.#context.clock.monotonic();
    this.#context.counters.bytesReceived += bytes;
    return true;
  }

  flush(): void {
    this.#writer.flush();
    if (this.#stallTimer?.active !== true && this.#outbox.bytes > 0) {
      this.#watchStall();
    }
  }

  end(
    cause: DisconnectedCause,
    code: ReasonCode | undefined = DISCONNECT_CODE[cause],
    detail?: string,
  ): void {
    if (this.#ending !== undefined) return;
    const link = this.#link;
    if (link === undefined) {
      this.#refuse("unavailable");
      return;
    }
    if (code !== undefined && link.terms.version === 5) {
      // Before CONNACK the refusal is one [MQTT-3.2.0-1].
      const properties = detail === undefined ? {} : { reasonString: detail };
      const type = link.ready ? PacketType.Disconnect : PacketType.Connack;
      const packet = encode({
        type,
        reasonCode: code,
        sessionPresent: false,
        properties,
      }, 5);
      if (packet.length <= link.terms.maximumPacketSize) {
        this.#outbox.buffer.append(packet);
      }
    }
    this.#close(cause, detail);
  }

  /** Refuses a client before it is one, telling it why where its protocol has words for that. */
  #refuse(cause: RefusedCause, code?: ReasonCode, detail?: string): void {
    if (this.#ending !== undefined) return;
    const { counters, log } = this.#context;
    const { version } = this.#decoder;
    counters.refused[cause]++;
    log.info("Connection refused", {
      address: this.#transport.peer,
      cause: REFUSED_CAUSES[cause],
      detail,
    });
    if (
      code !== undefined && version !== undefined &&
      (version === 5 || TOLD_BEFORE_5.has(code))
    ) {
      const properties = detail === undefined || version < 5
        ? {}
        : { reasonString: detail };
      const type = PacketType.Connack;
      this.#outbox.buffer.append(
        encode(
          { type, reasonCode: code, sessionPresent: false, properties },
          version,
        ),
      );
    }
    this.#close(undefined, detail);
  }

  #lost(cause: DisconnectedCause): void {
    if (this.#ending !== undefined) return;
    if (this.#link === undefined) {
      this.#context.log.debug("Connection closed before CONNECT", {
        address: this.#transport.peer,
      });
    }
    this.#close(cause, undefined);
  }

  /** Ends the connection: its session is told, what is in the Outbox is written, both sides close. */
  #close(
    cause: DisconnectedCause | undefined,
    detail: string | undefined,
  ): void {
    this.#ending = { cause, detail };
    this.#keepAlive?.cancel();
    if (this.#link !== undefined) {
      this.#link.ended = true;
      this.#admitted.resolve();
      this.#context.router.disconnected(this.#link, cause ?? "networkError");
    }
    if (this.#isClient && cause !== undefined) this.#logEnd(cause, detail);
    this.#lingering = this.#context.timers.schedule(
      LINGER_TIME,
      () => this.#transport.close(),
    );
    this.#writer.flush();
    this.#writer.drained().then(() => this.#transport.closeWrite()).catch(
      () => {},
    );
  }

  #logEnd(cause: DisconnectedCause, detail: string | undefined): void {
    const { counters, log } = this.#context;
    counters.clientsNow--;
    counters.disconnected[cause]++;
    log.info("Client disconnected", {
      client: this.#clientId,
      address: this.#transport.peer,
      cause: DISCONNECTED_CAUSES[cause],
      detail,
    });
  }

  /** Reads on without looking until the client closes too, so that it gets our last bytes and not a reset. */
  async #discardRest(): Promise<void> {
    if (this.#ending === undefined) this.#lost("networkError");
    const scratch = new Uint8Array(4096);
    try {
      while (await this.#transport.read(scratch) !== null);
      await this.#writer.drained();
    } catch {
      // Closed by the timer, or by the client's reset: there is nothing left to save.
    }
    this.#lingering?.cancel();
  }

  #fault(error: unknown): void {
    this.#context.log.error("Fault in a connection", {
      client: this.#clientId,
      address: this.#transport.peer,
      error: error instanceof Error ? error : describeError(error),
    });
    this.end("internalError");
  }

  #written(bytes: number): void {
    this.#context.counters.bytesSent += bytes;
    const link = this.#link;
    if (link?.wantsDrain && this.#outbox.bytes < DRAINED_BELOW) {
      link.wantsDrain = false;
      this.#context.router.drained(link);
    }
  }

  /** Ends the connection when nothing has been received for so many milliseconds [MQTT-3.1.2-22]. */
  #watchKeepAlive(milliseconds: number): void {
    const check = () => {
      const left = this.#lastRead + milliseconds -
        this.#context.clock.monotonic();
      if (left <= 0) this.end("keepAliveTimeout");
      else this.#keepAlive?.reschedule(left);
    };
    this.#keepAlive = this.#context.timers.schedule(milliseconds, check);
  }

  /** Ends a client that takes none of the bytes that wait for it. */
  #watchStall(): void {
    const time = this.#context.limits.stalledOutboxTime;
    const check = () => {
      if (this.#outbox.bytes === 0) return;
      const left = this.#writer.progressAt + time -
        this.#context.clock.monotonic();
      if (left <= 0) this.end("slowConsumer");
      else this.#stallTimer?.reschedule(left);
    };
    if (this.#stallTimer === undefined) {
      this.#stallTimer = this.#context.timers.schedule(time, check);
    } else this.#stallTimer.reschedule(time);
  }
}

/** Reads a long packet on, letting others work in between. */
async function finish(packet: UnfinishedPacket): Promise<FinishedPacket> {
  for (;;) {
    const finished = packet.step(STEP_ITEMS);
    if (finished !== undefined) return finished;
    await setImmediate();
  }
}

/** The keep alive in seconds that holds for a client, 0 for none: an MQTT 5 client can be told a shorter one. */
function keepAliveFor(connect: Connect, limits: Limits): number {
  const { keepAlive, protocolVersion } = connect;
  const { maximumKeepAlive } = limits;
  if (protocolVersion < 5 || (keepAlive > 0 && keepAlive <= maximumKeepAlive)) {
    return keepAlive;
  }
  return maximumKeepAlive === 65_535 ? keepAlive : maximumKeepAlive;
}
