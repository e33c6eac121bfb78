import type { Counters } from "../core/counters.ts";
import {
  type FinishedPacket,
  PacketType,
  type Publish,
} from "../codec/packet.ts";

/** Bytes of packets that may be held back before a client is not read any more. */
const MOST = 64 * 1024;

/** What is held back: all that may need memory, or what needs the disk, if this says so. */
export type HoldingRule = "memory" | ((publish: Publish) => boolean);

/**
 * Packets of a client that wait for memory or for room on the disk, while its acknowledgements, PINGREQ and PUBREL go
 * on: what makes room must never wait for room.
 */
export class HeldPackets {
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
   * returned, with all that waited for memory before it. What waited for the disk is dropped then: the client knows
   * that it was not acknowledged.
   */
  sift(
    packets: readonly FinishedPacket[],
    bytes: number,
    rule: HoldingRule,
  ): FinishedPacket[] {
    const passed: FinishedPacket[] = [];
    const before = this.#packets.length;
    for (const packet of packets) {
      if (packet.type === PacketType.Disconnect) {
        const held = this.takeAll();
        return [...passed, ...(rule === "memory" ? held : []), packet];
      }
      if (this.#mustWait(packet, rule)) this.#packets.push(packet);
      else passed.push(packet);
    }
    if (this.#packets.length > before) this.#bytes += bytes;
    return passed;
  }

  /** Returns what need not wait by this rule, and is held back no longer. */
  release(rule: HoldingRule): FinishedPacket[] {
    const packets = this.#packets;
    const bytes = this.#bytes;
    this.takeAll();
    const released = this.sift(packets, 0, rule);
    this.#bytes = bytes * this.#packets.length / Math.max(1, packets.length);
    return released;
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

  #mustWait(packet: FinishedPacket, rule: HoldingRule): boolean {
    switch (packet.type) {
      case PacketType.Publish:
        if (rule === "memory") return true;
        // Nor does any overtake another one [MQTT-4.6.0-1].
        return packet.qos > 0 && (!this.empty || rule(packet));
      case PacketType.Subscribe:
      case PacketType.Unsubscribe:
        return rule === "memory";
      default:
        return false;
    }
  }
}
