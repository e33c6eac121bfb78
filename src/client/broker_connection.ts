import { speaksTls } from "../transport/protocols.ts";
import {
  Acknowledgement,
  type AcknowledgementType,
  type Connack,
  type Connect,
  type Disconnect,
  type FinishedPacket,
  packetName,
  PacketType,
  type ProtocolVersion,
} from "../codec/packet.ts";
import {
  type EncodablePacket,
  encode,
  writeAcknowledgement,
} from "../codec/encode/encode.ts";
import { PacketError } from "../codec/packet_error.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import type { Transport } from "../transport/transport.ts";
import { type BrokerAddress, formatBroker } from "./broker_address.ts";
import { ClientError } from "./client_error.ts";
import { connectFailure } from "./connect_failure.ts";
import { KeepAlive } from "./keep_alive.ts";
import type { ClientTls } from "./broker_address.ts";
import { openTransport } from "./open_transport.ts";
import { Output } from "./output.ts";
import { PacketReader } from "./packet_reader.ts";
import { isFinal, reasonWords } from "./reason_words.ts";

/** The longest packet of MQTT. */
const LONGEST_PACKET = 268_435_460;
/** Milliseconds in which the broker must close after DISCONNECT. */
const FAREWELL_TIME = 1000;

/** What a {@linkcode BrokerConnection} is opened with. */
export interface ConnectionOptions {
  /** Where the broker is. */
  readonly address: BrokerAddress;
  /** For `mqtts` and `wss`. */
  readonly tls?: ClientTls;
  /** The CONNECT to send. */
  readonly connect: Connect;
  /** Milliseconds within which the broker must have accepted; 30 seconds if not given. */
  readonly timeout?: number;
  /** Told of each packet but PUBLISHes that are sent by their bytes. */
  readonly trace?: PacketTrace | undefined;
}

/** Told which packets come and go. */
export type PacketTrace = (
  direction: "sent" | "received",
  packet: EncodablePacket,
) => void;

/** Who is told what happens on a {@linkcode BrokerConnection}. */
export interface ConnectionHost {
  /**
   * Takes all packets of one read. They borrow the read buffer: what outlives the call, or the promise that it
   * returns, is to be copied. Nothing more is read until then.
   */
  received(packets: readonly FinishedPacket[]): void | Promise<void>;
  /** The connection is over, by nobody's wish here; called once. */
  lost(error: ClientError): void;
}

/**
 * One connection to a broker, from CONNECT to its end: {@linkcode BrokerConnection.open} it, then
 * {@linkcode BrokerConnection.start} reading. It answers nothing by itself but keeps itself alive: QoS is its
 * owner's to do. For throughput, write whole batches with {@linkcode BrokerConnection.send}.
 */
export class BrokerConnection {
  /** The broker's answer to CONNECT. */
  readonly connack: Connack;
  /** What this connection speaks. */
  readonly version: ProtocolVersion;
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #reader: PacketReader;
  readonly #output: Output;
  #owner: ConnectionHost | undefined;
  readonly #keepAlive: KeepAlive;
  #reading: Promise<void> = Promise.resolve();
  #isOver = false;

  /** Connects. Rejects with a {@linkcode ClientError} whose sentence says where to, and why it failed. */
  static async open(options: ConnectionOptions): Promise<BrokerConnection> {
    const { address, tls, timeout = 30_000 } = options;
    let transport: Transport | undefined;
    let isLate = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        transport?.close();
        reject(new Error(`it has not answered for ${timeout / 1000} seconds`));
      }, timeout);
    });
    const opening = openTransport(address, tls).then((opened) => {
      if (isLate) opened.close();
      return transport = opened;
    });
    opening.catch(() => {});
    try {
      const opened = await Promise.race([opening, late]);
      const shaking = handshake(opened, options);
      shaking.catch(() => {});
      const [connack, reader] = await Promise.race([shaking, late]);
      return new BrokerConnection(opened, connack, reader, options);
    } catch (error) {
      transport?.close();
      const isFinal = error instanceof ClientError && error.isFinal;
      throw new ClientError(
        `Cannot connect to ${formatBroker(address)}: ${
          error instanceof ClientError || error instanceof PacketError
            ? error.message
            : connectFailure(error)
        }`,
        { isFinal },
      );
    } finally {
      clearTimeout(timer);
      late.catch(() => {});
    }
  }

  private constructor(
    transport: Transport,
    connack: Connack,
    reader: PacketReader,
    options: ConnectionOptions,
  ) {
    const { connect } = options;
    this.connack = connack;
    this.version = connect.protocolVersion;
    this.#options = options;
    this.#transport = transport;
    this.#reader = reader;
    this.#output = new Output(
      transport,
      (error) => this.#end(connectFailure(error)),
    );
    this.#keepAlive = new KeepAlive(
      connack.properties.serverKeepAlive ?? connect.keepAlive,
      {
        ping: () => this.sendPacket({ type: PacketType.Pingreq }),
        dead: () => {
          this.#end("it does not answer any more");
        },
      },
    );
  }

  /** Begins to read, for this owner. To be called once. */
  start(owner: ConnectionHost): void {
    this.#owner = owner;
    this.#reading = this.#read(owner);
  }

  /** Whether all that was sent has left this process. */
  get isComplete(): boolean {
    return this.#output.isComplete;
  }

  /** Bytes that are waiting to be sent. */
  get pending(): number {
    return this.#output.pending;
  }

  /** Sends encoded packets. They are copied. */
  send(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#output.buffer.append(bytes);
    this.#keepAlive.sent();
    this.#output.flush();
  }

  /** Sends one packet. */
  sendPacket(packet: EncodablePacket): void {
    this.sendEncoded(packet, encode(packet, this.version));
  }

  /** Sends one packet of which these are the bytes. */
  sendEncoded(packet: EncodablePacket, bytes: Uint8Array): void {
    this.#options.trace?.("sent", packet);
    this.send(bytes);
  }

  /** Writes an acknowledgement, which goes with the next {@linkcode BrokerConnection.flush}. */
  acknowledge(
    type: AcknowledgementType,
    packetId: number,
    reasonCode: ReasonCode = ReasonCode.Success,
  ): void {
    this.#options.trace?.(
      "sent",
      new Acknowledgement(type, packetId, reasonCode),
    );
    const { buffer } = this.#output;
    const at = buffer.reserve(5);
    const { version } = this;
    buffer.length = writeAcknowledgement(
      buffer.bytes,
      at,
      type,
      packetId,
      reasonCode,
      version,
    );
  }

  /** Sends what {@linkcode BrokerConnection.acknowledge} has written. */
  flush(): void {
    if (this.#isOver) return;
    this.#output.flush();
  }

  /** Resolves once fewer bytes than that wait to be sent, or the connection is over. */
  drained(below?: number): Promise<void> {
    return this.#output.drained(below);
  }

  /** Sends all that waits, then DISCONNECT if one is given, and closes. */
  async close(disconnect?: Disconnect): Promise<void> {
    if (!this.#isOver) {
      if (disconnect !== undefined) this.sendPacket(disconnect);
      this.#isOver = true;
      this.#keepAlive.stop();
      const isDone = this.#output.drained()
        .then(() => this.#transport.closeWrite().catch(() => {}))
        .then(() => this.#reading);
      await within(FAREWELL_TIME, isDone, this.#output);
    }
    this.#output.stop();
    this.#transport.close();
    await this.#reading;
  }

  /** Breaks off without DISCONNECT. */
  async abort(): Promise<void> {
    this.#isOver = true;
    this.#keepAlive.stop();
    this.#output.stop();
    this.#transport.close();
    await this.#reading;
  }

  async #read(owner: ConnectionHost): Promise<void> {
    try {
      for (;;) {
        const packets = await this.#reader.next();
        if (packets === undefined) {
          return this.#end("it closed the connection");
        }
        if (packets.length === 0) continue;
        this.#keepAlive.received();
        if (this.#isOver) continue;
        for (const packet of packets) {
          this.#options.trace?.("received", packet);
          if (packet.type === PacketType.Disconnect) this.#dismissed(packet);
        }
        if (this.#isOver) return;
        const handled = owner.received(packets);
        if (handled === undefined) continue;
        this.#keepAlive.isHeld = true;
        await handled;
        this.#keepAlive.isHeld = false;
      }
    } catch (error) {
      if (error instanceof PacketError && !this.#isOver) {
        this.sendPacket({
          type: PacketType.Disconnect,
          reasonCode: error.reasonCode,
          properties: {},
        });
        await this.#output.drained();
        this.#end(`what it sent is against the protocol: ${error.message}`);
      } else this.#end(connectFailure(error));
    }
  }

  /** The broker has ended the connection and said why. */
  #dismissed({ reasonCode, properties }: Disconnect): void {
    this.#end(
      `it ended the connection: ${
        reasonWords(reasonCode, properties, this.version)
      }`,
      isFinal(reasonCode),
    );
  }

  #end(reason: string, isFinal = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#keepAlive.stop();
    this.#output.stop();
    this.#transport.close();
    const { address } = this.#options;
    this.#owner?.lost(
      new ClientError(`Lost ${formatBroker(address)}: ${reason}`, { isFinal }),
    );
  }
}

/** Sends CONNECT and waits for the CONNACK, which must accept. */
async function handshake(
  transport: Transport,
  { address, tls, connect, trace }: ConnectionOptions,
): Promise<[Connack, PacketReader]> {
  const { protocolVersion: version } = connect;
  const bytes = encode(connect, version);
  trace?.("sent", connect);
  for (let at = 0; at < bytes.length;) {
    at += await transport.write(bytes.subarray(at));
  }
  const longest = connect.properties.maximumPacketSize ?? LONGEST_PACKET;
  const reader = new PacketReader(transport, version, longest);
  for (;;) {
    let packets: readonly FinishedPacket[] | undefined;
    try {
      packets = await reader.next();
    } catch (error) {
      throw foreignAnswer(reader.ahead, address) ?? error;
    }
    if (packets === undefined) {
      const isSecure = speaksTls(address);
      throw new ClientError(
        `it closed the connection without an answer; ${
          !isSecure
            ? "does it speak MQTT there, without TLS and WebSocket?"
            : tls?.certificate === undefined
            ? "does it want a client certificate?"
            : "does it take this client certificate?"
        }`,
      );
    }
    const [connack] = packets;
    if (connack === undefined) continue;
    trace?.("received", connack);
    if (connack.type !== PacketType.Connack) {
      throw new ClientError(
        `it answers CONNECT with ${packetName(connack.type)}`,
        { isFinal: true },
      );
    }
    const { reasonCode, properties } = connack;
    if (reasonCode !== ReasonCode.Success) {
      throw new ClientError(
        `refused: ${reasonWords(reasonCode, properties, version)}`,
        { isFinal: isFinal(reasonCode) },
      );
    }
    reader.unread(packets.slice(1));
    return [connack, reader];
  }
}

/** Why an answer is none of MQTT, where its first bytes show what it is. */
function foreignAnswer(
  bytes: Uint8Array,
  address: BrokerAddress,
): ClientError | undefined {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 16));
  if (/^HTTP\/1\./.test(text)) {
    const scheme = speaksTls(address) ? "wss" : "ws";
    return new ClientError(
      `it answers in HTTP: if it speaks MQTT over WebSocket there, begin the URL with ${scheme}://`,
      { isFinal: true },
    );
  }
  // An alert of TLS.
  return text.startsWith("\x15\x03")
    ? new ClientError(
      "it answers in TLS: begin the URL with mqtts://, or name the authority with --cafile",
      { isFinal: true },
    )
    : undefined;
}

/** Waits until something is done; not longer than that, counted from the last moment at which output went on. */
async function within(
  milliseconds: number,
  done: Promise<void>,
  output: Output,
): Promise<void> {
  let isDone = false;
  const end = done.then(() => void (isDone = true));
  for (let before = Infinity; !isDone;) {
    const { pending } = output;
    if (pending > 0 && pending === before) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pause = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([end, pause]);
    clearTimeout(timer);
    if (pending === 0) return;
    before = pending;
  }
}
