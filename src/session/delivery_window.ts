import { type Acknowledgement, PacketType, type QoS } from "../codec/packet.ts";
import { protocolError } from "../codec/packet_error.ts";
import type { SessionContext } from "./context.ts";
import type { Delivery } from "./delivery.ts";
import {
  awaitedFor,
  InflightState,
  InflightWindow,
} from "./inflight_window.ts";

/** The deliveries that a client was sent and has not acknowledged to the end, with the memory that they take. */
export class DeliveryWindow {
  readonly #context: SessionContext;
  readonly #window = new InflightWindow<Delivery>();
  #bytes = 0;

  /** Makes an empty one, within the limits of this context. */
  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** How many there are. */
  get size(): number {
    return this.#window.size;
  }

  /** Bytes of the messages that are kept to be sent again. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a message of so many bytes may be sent, for all that is kept already. */
  hasRoom(size: number): boolean {
    return this.#bytes === 0 ||
      this.#bytes + size <= this.#context.limits.inflightBytes;
  }

  /** Enters a message that is sent; `delivery` where it is kept. Returns its packet identifier. */
  open(qos: QoS, delivery: Delivery | undefined): number {
    this.#count(delivery, 1);
    return this.#window.open(awaitedFor(qos), delivery);
  }

  /** Enters a message that was sent before the broker started, after those sent before it. */
  restore(packetId: number, delivery: Delivery): void {
    this.#count(delivery, 1);
    this.#window.restore(packetId, awaitedFor(delivery.qos), delivery);
  }

  /** Where the message with this packet identifier stands. */
  state(packetId: number): InflightState {
    return this.#window.state(packetId);
  }

  /**
   * Where the message stands that PUBACK, PUBREC or PUBCOMP is for; free where it ends nothing.
   *
   * @throws {PacketError} If it is of another kind than the message's QoS asks for.
   */
  expect({ type, packetId, reasonCode }: Acknowledgement): InflightState {
    const state = this.#window.state(packetId);
    if (state === InflightState.Free) return state;
    switch (type) {
      case PacketType.Puback:
        if (state === InflightState.AwaitsPuback) return state;
        throw protocolError("PUBACK for a QoS 2 message");
      case PacketType.Pubrec:
        if (state === InflightState.AwaitsPuback) {
          throw protocolError("PUBREC for a QoS 1 message");
        }
        // Refused after it was taken on: PUBREL is on its way already.
        return state === InflightState.AwaitsPubcomp && reasonCode >= 0x80
          ? InflightState.Free
          : state;
      default:
        if (state === InflightState.AwaitsPubcomp) return state;
        throw protocolError("PUBCOMP before PUBREC");
    }
  }

  /** The message with this packet identifier, if it is kept. */
  value(packetId: number): Delivery | undefined {
    return this.#window.value(packetId);
  }

  /** Notes that PUBREC came. */
  release(packetId: number): void {
    this.#window.release(packetId, this.#window.value(packetId));
  }

  /** Ends a message: its identifier is free again. Returns it, if it was kept. */
  close(packetId: number): Delivery | undefined {
    const delivery = this.#window.value(packetId);
    this.#count(delivery, -1);
    this.#window.close(packetId);
    return delivery;
  }

  /** The identifiers under way, oldest first. */
  identifiers(): number[] {
    return this.#window.identifiers();
  }

  #count(delivery: Delivery | undefined, sign: 1 | -1): void {
    if (delivery === undefined) return;
    const bytes = sign * delivery.message.size;
    this.#bytes += bytes;
    this.#context.counters.inflightBytesNow += bytes;
  }
}
