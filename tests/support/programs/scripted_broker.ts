import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import { Decoder } from "../../../src/codec/decode/decoder.ts";
import {
  type EncodablePacket,
  encode,
} from "../../../src/codec/encode/encode.ts";
import {
  Acknowledgement,
  type AcknowledgementType,
  type Connack,
  type Connect,
  type FinishedPacket,
  PacketType,
  type ProtocolVersion,
  Publish,
  UnfinishedPacket,
} from "../../../src/codec/packet.ts";
import {
  type PublishContents,
  publishContents,
} from "../../../src/codec/decode/publish_contents.ts";
import type { ReasonCode } from "../../../src/codec/reason_code.ts";
import { join } from "../bytes.ts";
import { PATIENCE } from "../clients/inbox.ts";

/** What a client sent, with nothing borrowed. */
export type Sent = Exclude<FinishedPacket, Publish> | PublishContents;

/** Of these, those that may be of a type. */
export type SentOf<T, S = Sent> = S extends { readonly type: infer U }
  ? T extends U ? S : never
  : never;

/** A broker that does what a test tells it. To be had with `using`. */
export class ScriptedBroker implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #guests: Guest[] = [];

  /** Where it listens. */
  get url(): string {
    return `mqtt://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** The next client, whose CONNECT has come. */
  async meet(): Promise<Guest> {
    const connection = await deadline(this.#listener.accept(), PATIENCE);
    const guest = new Guest(connection);
    this.#guests.push(guest);
    guest.connect = await guest.expect(PacketType.Connect);
    guest.version = guest.connect.protocolVersion;
    return guest;
  }

  /** The next client, and its CONNECT answered with this. */
  async accept(connack: Partial<Connack> = {}): Promise<Guest> {
    const guest = await this.meet();
    await guest.answer(connack);
    return guest;
  }

  /** Breaks off all connections. */
  [Symbol.dispose](): void {
    this.#listener.close();
    for (const guest of this.#guests) guest.close();
  }
}

/** A client as the broker sees it. */
export class Guest {
  /** How it came. */
  connect!: Connect;
  /** What it speaks. */
  version: ProtocolVersion = 5;
  readonly #connection: Deno.TcpConn;
  readonly #decoder = new Decoder({
    role: "server",
    maximumPacketSize: 1_000_000,
  });
  readonly #sent: Sent[] = [];
  #changed = Promise.withResolvers<void>();
  #isClosed = false;

  /** Takes over a connection, and closes it when the client does. */
  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    void this.#read();
  }

  async #read(): Promise<void> {
    let bytes: Uint8Array = new Uint8Array(0);
    const chunk = new Uint8Array(65_536);
    for (;;) {
      const count = await this.#connection.read(chunk).catch(() => null);
      if (count === null) break;
      bytes = join(bytes, chunk.subarray(0, count));
      for (;;) {
        const packet = this.#decoder.decode(bytes, 0, bytes.length);
        if (packet === undefined) break;
        bytes = bytes.slice(this.#decoder.size);
        const all = packet instanceof UnfinishedPacket
          ? packet.step(Infinity)!
          : packet;
        this.#sent.push(all instanceof Publish ? publishContents(all) : all);
      }
      this.#notify();
    }
    this.close();
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Sends CONNACK. */
  answer(connack: Partial<Connack> = {}): Promise<void> {
    return this.send({
      type: PacketType.Connack,
      sessionPresent: false,
      reasonCode: 0,
      properties: {},
      ...connack,
    });
  }

  /** Sends an acknowledgement. */
  acknowledge(
    type: AcknowledgementType,
    packetId: number,
    reasonCode: ReasonCode,
  ): Promise<void> {
    return this.send(new Acknowledgement(type, packetId, reasonCode));
  }

  /** Sends packets by one write. */
  async send(...packets: EncodablePacket[]): Promise<void> {
    const all = packets.flatMap((packet) => [...encode(packet, this.version)]);
    assert.equal(
      await this.#connection.write(new Uint8Array(all)),
      all.length,
    );
  }

  /** The next packet; `undefined` when the client has closed the connection. */
  async receive(): Promise<Sent | undefined> {
    while (this.#sent.length === 0 && !this.#isClosed) {
      await deadline(this.#changed.promise, PATIENCE);
    }
    return this.#sent.shift();
  }

  /** The next packet, which must be of this type. */
  async expect<T extends Sent["type"]>(
    type: T,
  ): Promise<SentOf<T>> {
    const packet = await this.receive();
    assert.equal(packet?.type, type);
    return packet as SentOf<T>;
  }

  /** Breaks off. */
  close(): void {
    if (!this.#isClosed) this.#connection.close();
    this.#isClosed = true;
  }
}
