// Which MQTT packets go into one WebSocket frame. The standard lets them lie as they like [MQTT-6.0.0-2], but paho.mqtt.c
// up to 1.3.13 waits for more data with an acknowledgement that shares a frame with a PUBLISH.

/** The type of a PUBLISH, in the high half of a packet's first byte. */
const PUBLISH = 3;

/**
 * Cuts a stream of MQTT packets into frames: PUBLISH packets that follow one another may share one, each other packet
 * has one of its own. Packets may come in pieces.
 */
export class FrameCutter {
  /** Bytes of the packet's body that are still to come. */
  #left = 0;
  /** What the next byte of its remaining length counts; 0 between two packets. */
  #multiplier = 0;
  #isPublish = false;

  /** The length of the first frame in these bytes, of which there is at least one. What it covers is passed over. */
  next(bytes: Uint8Array): number {
    let at = 0;
    let isFirst = true;
    while (at < bytes.length) {
      const isInside = this.#left > 0 || this.#multiplier > 0;
      const isPublish = isInside
        ? this.#isPublish
        : bytes[at]! >> 4 === PUBLISH;
      if (!isFirst && !isPublish) return at;
      isFirst = false;
      at = this.#pass(bytes, at, isInside);
      if (!isPublish) return at;
    }
    return at;
  }

  /** Passes over one packet, as far as it is there; returns where that ends. */
  #pass(bytes: Uint8Array, start: number, isInside: boolean): number {
    let at = start;
    if (!isInside) {
      this.#isPublish = bytes[at++]! >> 4 === PUBLISH;
      this.#multiplier = 1;
    }
    while (this.#multiplier > 0 && at < bytes.length) {
      const byte = bytes[at++]!;
      this.#left += (byte & 0x7F) * this.#multiplier;
      this.#multiplier = byte >= 0x80 ? this.#multiplier * 0x80 : 0;
    }
    const count = Math.min(this.#left, bytes.length - at);
    this.#left -= count;
    return at + count;
  }
}
