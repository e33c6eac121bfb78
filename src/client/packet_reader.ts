import { Decoder } from "../codec/decode/decoder.ts";
import {
  type FinishedPacket,
  type ProtocolVersion,
  UnfinishedPacket,
} from "../codec/packet.ts";
import type { Transport } from "../transport/transport.ts";

/** The buffer's first size and its largest, as long as no packet is longer. */
const SMALLEST_BUFFER = 4 * 1024;
const USUAL_BUFFER = 256 * 1024;

/** Reads packets, all of one read at a time. */
export class PacketReader {
  readonly #transport: Transport;
  readonly #decoder: Decoder;
  #buffer = new Uint8Array(SMALLEST_BUFFER);
  /** Where what is not decoded yet begins, and ends. */
  #start = 0;
  #end = 0;
  #unread: readonly FinishedPacket[] = [];

  /** Takes the longest packet in bytes. */
  constructor(transport: Transport, version: ProtocolVersion, longest: number) {
    this.#transport = transport;
    this.#decoder = new Decoder({
      role: "client",
      version,
      maximumPacketSize: longest,
    });
  }

  /** The bytes that were read and are not decoded yet. */
  get ahead(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Has these packets, of the last read, come once more. */
  unread(packets: readonly FinishedPacket[]): void {
    this.#unread = packets;
  }

  /** The next packets, which may be none; `undefined` at the end of the stream. */
  async next(): Promise<readonly FinishedPacket[] | undefined> {
    const unread = this.#unread;
    if (unread.length > 0) {
      this.#unread = [];
      return unread;
    }
    this.#makeRoom();
    const count = await this.#transport.read(this.#buffer.subarray(this.#end));
    if (count === null) return undefined;
    this.#end += count;
    const packets: FinishedPacket[] = [];
    for (;;) {
      const packet = this.#decoder.decode(
        this.#buffer,
        this.#start,
        this.#end,
      );
      if (packet === undefined) return packets;
      this.#start += this.#decoder.size;
      packets.push(
        packet instanceof UnfinishedPacket ? packet.step(Infinity)! : packet,
      );
    }
  }

  #makeRoom(): void {
    const left = this.#end - this.#start;
    const isFull = this.#end === this.#buffer.length;
    const needed = Math.max(
      this.#decoder.size,
      isFull && this.#start === 0 ? this.#end * 2 : 0,
      isFull ? Math.min(this.#buffer.length * 2, USUAL_BUFFER) : 0,
    );
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(needed);
      larger.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = larger;
    } else this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#start = 0;
    this.#end = left;
  }
}
