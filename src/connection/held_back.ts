import type { Counters } from "../core/counters.ts";
import { type FinishedPacket, PacketType } from "../codec/packet.ts";

/** Bytes of packets that may be held back before a client is not read any more. */
const MOST = 64 * 1024;

/**
 * Packets of a client that wait for memory, while its acknowledgements, PINGREQ and PUBREL go on: what makes room
 * must never wait for room.
 */
export class HeldBack {
  /** Bytes of the read buffers in which the packets lie. */
  bufferBytes = 0;
  #packets: FinishedPacket[] = [];
  #bytes = 0;

  /** Whether nothing is held back. */
  get empty(): boolean {
    return this.#packets.length === 0;
  }

  /** Whether the client must not be read now. */
  get full(): boolean {
    return this.#bytes >= MOST;
  }

  /**
   * Takes out of a batch what must wait, and returns the rest. DISCONNECT says that nothing more comes: it is
   * returned, with all that waited before it.
   */
  sift(packets: readonly FinishedPacket[], bytes: number): FinishedPacket[] {
    const passed: FinishedPacket[] = [];
    let held = 0;
    for (const packet of packets) {
      switch (packet.type) {
        case PacketType.Publish:
        case PacketType.Subscribe:
        case PacketType.Unsubscribe:
          this.#packets.push(packet);
          held++;
          break;
        case PacketType.Disconnect:
          return [...passed, ...this.takeAll(), packet];
        default:
          passed.push(packet);
      }
    }
    if (held > 0) this.#bytes += bytes;
    return passed;
  }

  /** Drops the QoS 0 messages among what is held back, but for those that may set a topic alias for others. */
  dropAtMostOnce(counters: Counters): void {
    const kept = this.#packets.filter((packet) =>
      packet.type !== PacketType.Publish || packet.qos > 0 ||
      (packet.topicAlias > 0 && packet.topicEnd > packet.topicStart)
    );
    counters.dropped.memory += this.#packets.length - kept.length;
    if (kept.length === 0) this.#bytes = 0;
    else this.#bytes *= kept.length / this.#packets.length;
    this.#packets = kept;
  }

  /** Everything that is held back, which is so no longer. */
  takeAll(): FinishedPacket[] {
    const packets = this.#packets;
    this.#packets = [];
    this.#bytes = 0;
    return packets;
  }
}
