// One client's connection. Read `#run` from top to bottom: it is a connection's whole life.

import type { DisconnectedCause } from "../core/counters.ts";
import { toError } from "../core/errors.ts";
import type { Timer } from "../core/timer_wheel.ts";
import { Decoder } from "../codec/decoder.ts";
import {
  type Connect,
  type FinishedPacket,
  PacketType,
  UnfinishedPacket,
} from "../codec/packet.ts";
import { PacketError } from "../codec/packet_error.ts";
import type { ReasonCode } from "../codec/reason_code.ts";
import type { Transport } from "../transport/transport.ts";
import { causeOf, DISCONNECT_CODE } from "../session/disconnect_code.ts";
import { Link, type LinkOwner } from "../session/link.ts";
import { Outbox } from "../session/outbox.ts";
import { Attendance } from "./attendance.ts";
import type { ConnectionContext, ConnectionHandle } from "./context.ts";
import { finish } from "./finish.ts";
import {
  keepAliveFor,
  NOT_IN_TIME,
  type Refusal,
  refusalFor,
  refusalOf,
  refusedCauseOf,
  refusingConnack,
  termsFor,
  withinSize,
} from "./handshake.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { Throttle } from "./throttle.ts";
import { Watch } from "./watch.ts";
import { Writer, type WriterHandle, type WriterOwner } from "./writer.ts";

/** Milliseconds in which an ended client must take its last bytes and close its side. */
const LINGER_TIME = 1000;
/** The Router is told that an Outbox has drained when it holds less than this. */
const DRAINED_BELOW = 32 * 1024;

/** The actor that reads from one client: handshake, keep alive, decoding; in the end it tells why it ended. */
export class Connection implements ConnectionHandle, LinkOwner, WriterOwner {
  readonly finished: Promise<void>;
  readonly #context: ConnectionContext;
  readonly #transport: Transport;
  readonly #outbox: Outbox;
  readonly #writer: WriterHandle;
  readonly #decoder: Decoder;
  readonly #input: ReadBuffer;
  readonly #throttle: Throttle;
  readonly #attendance: Attendance;
  #link: Link | undefined;
  #ended = false;
  /** Ends the wait for the Router's answer to CONNECT. */
  #admitted: (() => void) | undefined;
  /** Closes the transport when the client does not. */
  #lingering: Timer | undefined;
  readonly #watch: Watch;

  /** Starts serving a client and returns the handle of its Connection. */
  static start(
    context: ConnectionContext,
    transport: Transport,
  ): ConnectionHandle {
    return new Connection(context, transport);
  }

  private constructor(context: ConnectionContext, transport: Transport) {
    const { limits, counters, clock } = context;
    this.#context = context;
    this.#transport = transport;
    this.#attendance = new Attendance(context, transport.peer);
    const outbox = this.#outbox = new Outbox(limits.outboxBytes);
    this.#writer = Writer.start({ transport, outbox, clock, owner: this });
    const watch = this.#watch = new Watch(context, this.#writer, outbox, this);
    const { router } = context;
    const input = this.#input = new ReadBuffer(router.governor);
    this.#throttle = new Throttle({ router, counters, input, watch });
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
    this.finished = this.#run();
  }

  async #run(): Promise<void> {
    try {
      const connect = await this.#handshake();
      if (connect !== undefined) {
        const link = this.#link = this.#makeLink(connect);
        await this.#admission(connect, link);
        await this.#serve(link);
      }
    } catch (error) {
      this.#fault(error);
    }
    await this.#discardRest();
    this.#transport.close();
    this.#context.counters.connectionClosed();
  }

  /** Reads CONNECT, the first packet [MQTT-3.1.0-1]; `undefined` if the connection ended instead. */
  async #handshake(): Promise<Connect | undefined> {
    const { limits, timers } = this.#context;
    const timeout = timers.schedule(
      limits.connectTimeout,
      () => this.#refuse({ cause: "connectTimeout" }),
    );
    try {
      while (await this.#read() && !this.#ended) {
        let packet = this.#decode();
        if (packet instanceof UnfinishedPacket) packet = await finish(packet);
        if (packet instanceof PacketError) {
          this.#refuse(refusalFor(packet));
        } else if (packet?.type === PacketType.Connect && !this.#ended) {
          const refusal = refusalOf(packet);
          if (refusal === undefined) return packet;
          this.#refuse(refusal, packet.properties.maximumPacketSize);
        }
      }
      return undefined;
    } finally {
      timeout.cancel();
    }
  }

  #makeLink(connect: Connect): Link {
    const { limits, store } = this.#context;
    this.#decoder.maximumPacketSize = limits.maximumPacketSize;
    const terms = termsFor(connect, limits);
    return new Link({ owner: this, outbox: this.#outbox, store, terms });
  }

  /** Goes through the Router: resolves when CONNACK is on its way, or the connection has ended. */
  async #admission(connect: Connect, link: Link): Promise<void> {
    const { router, limits, timers } = this.#context;
    const clientId = connect.clientId === ""
      ? `auto-${crypto.randomUUID()}`
      : connect.clientId;
    this.#attendance.clientId = clientId;
    const keepAlive = keepAliveFor(connect, limits);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#admitted = resolve;
    router.connect({
      connect,
      link,
      clientId,
      serverKeepAlive: keepAlive === connect.keepAlive ? undefined : keepAlive,
      accepted: () => {
        this.#attendance.accepted(connect.protocolVersion, keepAlive);
        if (keepAlive > 0) this.#watch.keepAlive(keepAlive);
        resolve();
      },
    });
    // The session may have to be kept first, and a disk may take its time.
    const timeout = timers.schedule(
      limits.connectTimeout,
      () => this.#refuse(NOT_IN_TIME, connect.properties.maximumPacketSize),
    );
    await promise;
    timeout.cancel();
    this.#admitted = undefined;
  }

  /** Hands over batch after batch, until the connection ends. */
  async #serve(link: Link): Promise<void> {
    const { router, counters } = this.#context;
    const input = this.#input;
    while (!this.#ended) {
      const { start } = input;
      const packets: FinishedPacket[] = [];
      let rest = this.#decodeInto(packets);
      while (rest instanceof UnfinishedPacket) {
        const packet = await finish(rest);
        if (!(packet instanceof PacketError)) packets.push(packet);
        rest = packet instanceof PacketError
          ? packet
          : this.#decodeInto(packets);
      }
      counters.packetsReceived += packets.length;
      link.source = input.shared;
      if (this.#throttle.idle(link)) {
        if (packets.length > 0) await router.submit(link, packets);
      } else {
        await this.#throttle.submit(link, packets, input.start - start);
      }
      if (rest !== undefined) {
        this.end(causeOf(rest.reasonCode), rest.reasonCode, rest.message);
      }
      if (this.#outbox.full) {
        this.#watch.deaf = true;
        await this.#writer.room();
        this.#watch.listen();
      }
      if (this.#ended) return;
      // What #read does, without another promise: this loop runs for every read of every client.
      let bytes: number | null;
      try {
        bytes = await this.#transport.read(input.space());
      } catch {
        return this.#lost("networkError");
      }
      if (bytes === null) return this.#lost("clientClosed");
      this.#received(bytes);
    }
  }

  /** Decodes all packets that are there; returns an error in them, or a long packet that is read on in steps. */
  #decodeInto(
    packets: FinishedPacket[],
  ): UnfinishedPacket | PacketError | undefined {
    for (;;) {
      const packet = this.#decode();
      if (
        packet === undefined || packet instanceof PacketError ||
        packet.type === PacketType.Unfinished
      ) return packet;
      packets.push(packet);
    }
  }

  /** The next packet, if it is there whole, or the error in it. */
  #decode(): FinishedPacket | UnfinishedPacket | PacketError | undefined {
    const input = this.#input;
    if (input.start === input.end) return undefined;
    try {
      const packet = this.#decoder.decode(input.bytes, input.start, input.end);
      if (packet !== undefined) input.start += this.#decoder.size;
      return packet;
    } catch (error) {
      if (error instanceof PacketError) return error;
      throw error;
    }
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
    if (bytes === null) this.#lost("clientClosed");
    else this.#received(bytes);
    return bytes !== null;
  }

  #received(bytes: number): void {
    this.#input.filled(bytes);
    this.#watch.received();
    this.#context.counters.bytesReceived += bytes;
  }

  flush(): void {
    // Only a client that is behind is watched; for most, a timer with every write would be wasted.
    if (!this.#writer.flush()) this.#watch.behind();
  }

  end(
    cause: DisconnectedCause,
    code: ReasonCode | undefined = DISCONNECT_CODE[cause],
    detail?: string,
  ): void {
    if (this.#ended) return;
    const terms = this.#link?.terms;
    if (terms === undefined || !this.#attendance.isClient) {
      // What it is told is a CONNACK [MQTT-3.2.0-1].
      const refusal = { cause: refusedCauseOf(cause), code, detail };
      this.#refuse(refusal, terms?.maximumPacketSize, cause);
      return;
    }
    const { version, maximumPacketSize } = terms;
    if (code !== undefined && version === 5) {
      const type = PacketType.Disconnect;
      const packet = withinSize(type, code, detail, version, maximumPacketSize);
      if (packet !== undefined) this.#outbox.buffer.append(packet);
    }
    this.#attendance.ended(cause, detail);
    this.#close(cause);
  }

  written(bytes: number): void {
    this.#context.counters.bytesSent += bytes;
    const link = this.#link;
    if (link === undefined) return;
    const { router } = this.#context;
    router.governor.drained(link, bytes);
    if (link.wantsDrain && this.#outbox.bytes < DRAINED_BELOW) {
      link.wantsDrain = false;
      router.drained(link);
    }
  }

  writeFailed(): void {
    this.#lost("networkError");
  }

  /** Refuses a client before it is one, telling it why where its protocol has words for that. */
  #refuse(
    refusal: Refusal,
    maximumPacketSize = Infinity,
    cause: DisconnectedCause = "networkError",
  ): void {
    if (this.#ended) return;
    this.#attendance.refused(refusal);
    const { version } = this.#decoder;
    if (version !== undefined) {
      const connack = refusingConnack(refusal, version, maximumPacketSize);
      if (connack !== undefined) this.#outbox.buffer.append(connack);
    }
    this.#close(cause);
  }

  #lost(cause: DisconnectedCause): void {
    if (this.#ended) return;
    if (this.#attendance.isClient) this.#attendance.ended(cause);
    else this.#attendance.refused({ cause: "closedEarly" });
    this.#close(cause);
  }

  /** Ends the connection: its session is told, what is in the Outbox is written, both sides close. */
  #close(cause: DisconnectedCause): void {
    const { router, timers } = this.#context;
    this.#ended = true;
    this.#watch.cancel();
    this.#throttle.end();
    if (this.#link !== undefined) {
      this.#link.end();
      router.disconnected(this.#link, cause);
    }
    this.#admitted?.();
    this.#lingering = timers.schedule(
      LINGER_TIME,
      () => this.#transport.close(),
    );
    this.#writer.flush();
    this.#writer.drained().then(() => this.#transport.closeWrite()).catch(
      () => {},
    );
  }

  /** Reads on without looking until the client closes too, so that it gets our last bytes and not a reset. */
  async #discardRest(): Promise<void> {
    this.#lost("networkError");
    const scratch = new Uint8Array(512);
    try {
      while (await this.#transport.read(scratch) !== null);
      await this.#writer.drained();
    } catch {
      // Closed by the timer, or by the client's reset: there is nothing left to save.
    }
    this.#lingering?.cancel();
    this.#input.release();
    this.#outbox.clear();
    if (this.#link) this.#context.router.governor.forgetLink(this.#link);
  }

  #fault(error: unknown): void {
    const client = this.#attendance.clientId;
    const fault = { client, error: toError(error) };
    this.#context.log.error("Fault in a connection", fault);
    this.end("internalError");
  }
}
