// One client's connection. Read `#run` from top to bottom: it is a connection's whole life.

import type { DisconnectedCause } from "../core/counters.ts";
import type { Timer } from "../core/timer_wheel.ts";
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
import { type LinkHost, LinkOf } from "../session/link.ts";
import type { Link } from "../session/session.ts";
import { Outbox } from "../session/outbox.ts";
import type { Denial, Identity } from "../auth/methods/method.ts";
import { ClientLimits, clientLimitsFor } from "./client_limits.ts";
import { ConnectionLog } from "./connection_log.ts";
import {
  applicantOf,
  methodProperties,
  Reauthentication,
  type ReauthenticationHost,
} from "./authentication.ts";
import type { ConnectionContext, ConnectionHandle } from "./context.ts";
import { Admission, type Candidate, type Granted } from "./admission.ts";
import { finish } from "./finish_packet.ts";
import {
  farewell,
  keepAliveFor,
  NOT_IN_TIME,
  type Refusal,
  refusedCauseOf,
  refusingConnack,
  termsFor,
} from "./handshake.ts";
import { PacketInput } from "./packet_input.ts";
import { Throttle } from "./throttle.ts";
import { Liveness } from "./liveness.ts";
import { Writer, type WriterHandle, type WriterHost } from "./writer.ts";

/** Milliseconds in which an ended client must take its last bytes and close its side. */
const LINGER_TIME = 1000;

/** The actor that reads from one client: handshake, keep alive, decoding; in the end it tells why it ended. */
export class Connection
  implements
    ConnectionHandle,
    Candidate,
    LinkHost,
    ReauthenticationHost,
    WriterHost {
  readonly finished: Promise<void>;
  readonly #context: ConnectionContext;
  readonly transport: Transport;
  readonly #outbox: Outbox;
  readonly #writer: WriterHandle;
  readonly #incoming: PacketInput;
  readonly #throttle: Throttle;
  readonly #log: ConnectionLog;
  #link: Link | undefined;
  #reauthentication: Reauthentication | undefined;
  #clientLimits: ClientLimits | undefined;
  ended = false;
  /** Ends the wait for the Router's answer to CONNECT. */
  #admitted: (() => void) | undefined;
  /** Closes the transport when the client does not. */
  #lingering: Timer | undefined;
  readonly #liveness: Liveness;

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
    this.transport = transport;
    this.#log = new ConnectionLog(context, transport);
    const outbox = this.#outbox = new Outbox(limits.outboxBytes);
    this.#writer = Writer.start({ transport, outbox, clock, owner: this });
    const { router } = context;
    this.#liveness = new Liveness(context, this.#writer, outbox, this);
    this.#incoming = new PacketInput(limits, router.view.governor);
    const { buffer: input } = this.#incoming;
    const liveness = this.#liveness;
    this.#throttle = new Throttle({ router, counters, input, liveness });
    this.finished = this.#run();
  }

  async #run(): Promise<void> {
    try {
      const admission = new Admission(this.#context, this.#incoming, this);
      const connect = await admission.connect();
      const granted = connect && await admission.authenticate(connect);
      if (connect !== undefined && granted !== undefined) {
        this.#know(connect, granted.identity);
        const link = this.#link = await this.#makeLink(connect);
        if (link !== undefined) {
          await this.#admission(connect, link, granted);
          await this.#serve(link);
        }
      }
    } catch (error) {
      this.fault(error);
    }
    await this.#discardRest();
    this.#clientLimits?.release();
    this.transport.close();
  }

  /** Makes the client's Link; `undefined` if it may not come in after all. */
  async #makeLink(connect: Connect): Promise<Link | undefined> {
    this.#log.clientId = connect.clientId || `auto-${crypto.randomUUID()}`;
    // The settings may have changed since it began to show who it is.
    this.recheck();
    if (this.ended) return undefined;
    const clientLimits = await clientLimitsFor(this.#context, this.#log);
    if (!(clientLimits instanceof ClientLimits)) {
      const { maximumPacketSize } = connect.properties;
      return void this.refuse(clientLimits, maximumPacketSize);
    }
    const { limits } = this.#clientLimits = clientLimits;
    if (this.ended) return undefined;
    this.#incoming.allow(limits.maximumPacketSize);
    return new LinkOf({
      owner: this,
      outbox: this.#outbox,
      origin: this.#log.origin,
      limits,
      store: this.#context.store,
      terms: termsFor(connect, limits),
    });
  }

  #know(connect: Connect, identity: Identity): void {
    this.#log.identity = identity;
    if (connect.properties.authenticationMethod === undefined) return;
    this.#reauthentication = new Reauthentication({
      identity,
      applicant: applicantOf(connect, this.transport),
      method: connect.properties.authenticationMethod,
      authenticator: this.#context.door.authenticator,
      owner: this,
    });
  }

  /** Goes through the Router: resolves when CONNACK is on its way, or the connection has ended. */
  async #admission(
    connect: Connect,
    link: Link,
    granted: Granted,
  ): Promise<void> {
    const { router, limits, timers } = this.#context;
    const clientId = this.#log.clientId!;
    const keepAlive = keepAliveFor(connect, limits);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#admitted = resolve;
    link.keepAlive = keepAlive;
    router.connect({
      connect,
      link,
      clientId,
      user: this.#log.user,
      serverKeepAlive: keepAlive === connect.keepAlive ? undefined : keepAlive,
      methodProperties: methodProperties(
        connect.properties.authenticationMethod,
        granted.data,
      ),
      accepted: () => {
        this.#log.accepted(connect.protocolVersion, keepAlive);
        if (keepAlive > 0) this.#liveness.keepAlive(keepAlive);
        resolve();
      },
    });
    // The session may have to be kept first, and a disk may take its time.
    const timeout = timers.schedule(
      limits.connectTimeout,
      () => this.refuse(NOT_IN_TIME, connect.properties.maximumPacketSize),
    );
    await promise;
    timeout.cancel();
    this.#admitted = undefined;
  }

  /** Hands over batch after batch, until the connection ends. */
  async #serve(link: Link): Promise<void> {
    const { router, counters } = this.#context;
    const incoming = this.#incoming;
    const { buffer: input } = incoming;
    const clientLimits = this.#clientLimits!;
    while (!this.ended) {
      const { start } = input;
      // It changes while the client is connected.
      const { rateLimit } = clientLimits;
      const packets: FinishedPacket[] = [];
      let rest = incoming.nextInto(packets);
      while (rest !== undefined && !(rest instanceof PacketError)) {
        const packet = rest instanceof UnfinishedPacket
          ? await finish(rest)
          : rest;
        rest = packet instanceof PacketError
          ? packet
          : this.#take(packet, packets) ?? incoming.nextInto(packets);
      }
      const size = input.start - start;
      if (size > 0) this.#liveness.received();
      counters.packetsReceived += packets.length;
      link.source = input.shared;
      if (this.#throttle.idle(link)) {
        if (packets.length > 0) await router.submit(link, packets);
      } else {
        await this.#throttle.submit(link, packets, size);
      }
      if (rateLimit !== undefined) {
        await rateLimit.slow(packets, size, this.#liveness);
      }
      if (rest !== undefined) {
        this.end(causeOf(rest.reasonCode), rest.reasonCode, rest.message);
      }
      if (this.#outbox.full) {
        this.#liveness.deaf = true;
        await this.#writer.room();
        this.#liveness.deaf = false;
      }
      if (this.ended) return;
      // What #read does, without another promise: this loop runs for every read of every client.
      let bytes: number | null;
      try {
        bytes = await this.transport.read(
          rateLimit === undefined ? input.space() : rateLimit.space(input),
        );
      } catch {
        return this.lost("networkError");
      }
      if (bytes === null) return this.lost("clientClosed");
      this.#received(bytes);
    }
  }

  /** Takes an AUTH, and gives all else to the Router; returns what is wrong, if anything. */
  #take(packet: FinishedPacket, packets: FinishedPacket[]) {
    if (packet.type === PacketType.Auth && this.#reauthentication) {
      return this.#reauthentication.take(packet);
    }
    packets.push(packet);
    return undefined;
  }

  /** Reads what is there; says whether there was anything before the end of the stream. */
  async read(): Promise<boolean> {
    let bytes: number | null;
    try {
      bytes = await this.transport.read(this.#incoming.buffer.space());
    } catch {
      this.lost("networkError");
      return false;
    }
    if (bytes === null) this.lost("clientClosed");
    else this.#received(bytes);
    return bytes !== null;
  }

  #received(bytes: number): void {
    this.#incoming.buffer.filled(bytes);
    this.#context.counters.bytesReceived += bytes;
  }

  /** Sends a packet that is not the Router's. */
  send(packet: Uint8Array): void {
    if (this.ended) return;
    this.#outbox.buffer.append(packet);
    this.#context.counters.packetsSent++;
    this.flush();
  }

  denied({ detail }: Denial): void {
    this.#log.denied(detail);
    this.end("notAuthorized");
  }

  recheck(): void {
    const { authenticator } = this.#context.door;
    const { identity } = this.#log;
    if (identity !== undefined && authenticator?.holds(identity) === false) {
      this.end("notAuthorized");
    }
    this.#clientLimits?.renew();
  }

  flush(): void {
    // Only a client that is behind is watched; for most, a timer with every write would be wasted.
    if (!this.#writer.flush()) this.#liveness.behind();
  }

  end(
    cause: DisconnectedCause,
    code: ReasonCode | undefined = DISCONNECT_CODE[cause],
    detail?: string,
  ): void {
    if (this.ended) return;
    const terms = this.#link?.terms;
    if (terms === undefined || !this.#log.isClient) {
      // What it is told is a CONNACK [MQTT-3.2.0-1].
      const refusal = { cause: refusedCauseOf(cause, code), code, detail };
      this.refuse(refusal, terms?.maximumPacketSize, cause);
      return;
    }
    const packet = farewell(terms, code, detail);
    if (packet !== undefined) this.#outbox.buffer.append(packet);
    this.#log.ended(cause, detail);
    this.#close(cause);
  }

  written(bytes: number): void {
    const { counters, router } = this.#context;
    counters.bytesSent += bytes;
    const link = this.#link;
    if (link === undefined) return;
    router.view.governor.drained(link, bytes);
    if (link.drains()) router.drained(link);
  }

  writeFailed(): void {
    this.lost("networkError");
  }

  /** Refuses a client before it is one, telling it why where its protocol has words for that. */
  refuse(
    refusal: Refusal,
    maximumPacketSize = Infinity,
    cause: DisconnectedCause = "networkError",
  ): void {
    if (this.ended) return;
    this.#log.refused(refusal);
    const { version } = this.#incoming;
    if (version !== undefined) {
      const connack = refusingConnack(refusal, version, maximumPacketSize);
      if (connack !== undefined) this.#outbox.buffer.append(connack);
    } else if (refusal.answer) this.#outbox.buffer.append(refusal.answer);
    this.#close(cause);
  }

  lost(cause: DisconnectedCause): void {
    if (this.ended) return;
    if (this.#log.isClient) this.#log.ended(cause);
    else this.#log.refused({ cause: "closedEarly" });
    this.#close(cause);
  }

  /** Ends the connection: its session is told, what is in the Outbox is written, both sides close. */
  #close(cause: DisconnectedCause): void {
    const { router, timers } = this.#context;
    this.ended = true;
    this.#context.left();
    this.#liveness.cancel();
    this.#throttle.end();
    this.#clientLimits?.end();
    if (this.#link !== undefined) {
      this.#link.end();
      router.disconnected(this.#link, cause);
    }
    this.#admitted?.();
    this.#lingering = timers.schedule(
      LINGER_TIME,
      () => this.transport.close(),
    );
    this.#writer.flush();
    this.#writer.drained().then(() => this.transport.closeWrite()).catch(
      () => {},
    );
  }

  /** Reads on without looking until the client closes too, so that it gets our last bytes and not a reset. */
  async #discardRest(): Promise<void> {
    this.lost("networkError");
    const scratch = new Uint8Array(512);
    try {
      while (await this.transport.read(scratch) !== null);
      await this.#writer.drained();
    } catch {
      // Closed by the timer, or by the client's reset: there is nothing left to save.
    }
    this.#lingering?.cancel();
    this.#incoming.buffer.release();
    this.#outbox.clear();
    if (this.#link) this.#context.router.view.governor.forgetLink(this.#link);
  }

  fault(error: unknown): void {
    this.#log.fault(error);
    this.end("internalError");
  }
}
