import {
  type Acknowledgement,
  type Connack,
  PacketType,
  type QoS,
} from "../codec/packet.ts";
import type { Properties } from "../codec/properties.ts";
import type { PublishContents } from "../codec/decode/publish_contents.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import { encode } from "../codec/encode/encode.ts";
import { Deque } from "../core/deque.ts";
import type { BrokerConnection } from "./broker_connection.ts";
import type { PacketIds } from "./packet_ids.ts";

/** A message to be published. */
export interface OutgoingMessage {
  /** Without wildcards; empty only with a topic alias. */
  readonly topic: string;
  /** What it says. Not to be changed until its outcome is known. */
  readonly payload: Uint8Array;
  /** How surely it is to be delivered. */
  readonly qos: QoS;
  /** Whether it is to be retained. */
  readonly retain: boolean;
  /** For MQTT 5.0. */
  readonly properties?: Properties;
}

/** What became of a message: what the broker answered, or what it would have answered. */
export interface PublishOutcome {
  /** 0x80 and above: it was refused. */
  readonly reasonCode: ReasonCode;
  /** A reason string, perhaps. */
  readonly properties: Properties;
}

interface Entry {
  readonly message: OutgoingMessage;
  readonly done: (outcome: PublishOutcome) => void;
  /** At QoS 2: the broker has the message, and is to be told so. */
  isReleased: boolean;
}

/** Fewer than there are packet identifiers: some are for SUBSCRIBE and UNSUBSCRIBE. */
const MOST_UNDER_WAY = 65_000;

const SUCCESS: PublishOutcome = {
  reasonCode: ReasonCode.Success,
  properties: {},
};

/** The messages that a client publishes, until the broker has them; across connections. */
export class Outbound {
  readonly #ids: PacketIds;
  readonly #waiting = new Deque<Entry>();
  readonly #underWay = new Map<number, Entry>();
  #connection: BrokerConnection | undefined;
  #window = 0;

  /** Takes the identifiers of which its packets are to have some. */
  constructor(ids: PacketIds) {
    this.#ids = ids;
  }

  /** How many messages have no outcome yet. */
  get count(): number {
    return this.#waiting.length + this.#underWay.size;
  }

  /** Takes one more message. At QoS 0 it is done when it is on its way. */
  add(
    message: OutgoingMessage,
    done: (outcome: PublishOutcome) => void,
  ): void {
    this.#waiting.pushBack({ message, done, isReleased: false });
    this.#advance();
  }

  /** Goes on with a new connection: with what the broker may not have got first [MQTT-4.4.0-1]. */
  connected(connection: BrokerConnection): void {
    this.#connection = connection;
    const { connack } = connection;
    const { receiveMaximum = MOST_UNDER_WAY } = connack.properties;
    this.#window = Math.min(receiveMaximum, MOST_UNDER_WAY);
    for (const [packetId, entry] of [...this.#underWay]) {
      if (connack.sessionPresent) this.#sendAgain(entry, packetId, true);
      else if (entry.isReleased) {
        // Both have forgotten the exchange; that the broker has the message, it has said before.
        this.#finish(packetId, entry, SUCCESS);
      } else this.#sendAgain(entry, packetId, false);
    }
    this.#advance();
  }

  /** There is no connection for now. */
  disconnected(): void {
    this.#connection = undefined;
  }

  /** The broker has answered. */
  acknowledged(answer: Acknowledgement): void {
    const { type, packetId, reasonCode, properties = {} } = answer;
    const entry = this.#underWay.get(packetId);
    if (type === PacketType.Pubrec && reasonCode < 0x80) {
      // It is answered even if nobody here knows it: the broker waits for that [MQTT-4.3.3-5].
      if (entry !== undefined) entry.isReleased = true;
      this.#connection?.acknowledge(PacketType.Pubrel, packetId);
      return;
    }
    if (entry === undefined) return;
    this.#finish(packetId, entry, { reasonCode, properties });
    this.#advance();
  }

  #advance(): void {
    while (
      this.#connection !== undefined && this.#underWay.size < this.#window
    ) {
      const entry = this.#waiting.popFront();
      if (entry === undefined) return;
      const { connack } = this.#connection;
      const { qos } = entry.message;
      const packetId = qos === 0 ? 0 : this.#ids.take();
      const packet = packetOf(entry.message, packetId, false);
      const bytes = encode(packet, this.#connection.version);
      const fault = faultOf(entry.message, bytes.length, connack);
      if (fault !== undefined) {
        this.#finish(packetId, entry, { reasonCode: fault, properties: {} });
        continue;
      }
      if (qos !== 0) this.#underWay.set(packetId, entry);
      this.#connection.sendEncoded(packet, bytes);
      if (qos === 0) entry.done(SUCCESS);
    }
  }

  /** Sends once more what another connection was opened for. */
  #sendAgain(
    { message, isReleased }: Entry,
    packetId: number,
    dup: boolean,
  ): void {
    const connection = this.#connection!;
    if (isReleased) {
      connection.acknowledge(PacketType.Pubrel, packetId);
      connection.flush();
    } else connection.sendPacket(packetOf(message, packetId, dup));
  }

  #finish(packetId: number, entry: Entry, outcome: PublishOutcome): void {
    this.#underWay.delete(packetId);
    if (packetId !== 0) this.#ids.release(packetId);
    entry.done(outcome);
  }
}

function packetOf(
  message: OutgoingMessage,
  packetId: number,
  dup: boolean,
): PublishContents {
  const { topic, payload, qos, retain, properties = {} } = message;
  const type = PacketType.Publish;
  return { type, topic, payload, qos, retain, dup, packetId, properties };
}

/** What the broker has said beforehand against such a message. */
function faultOf(
  { qos, retain, properties }: OutgoingMessage,
  size: number,
  { properties: terms }: Connack,
): ReasonCode | undefined {
  if (qos > (terms.maximumQoS ?? 2)) return ReasonCode.QoSNotSupported;
  if (retain && terms.retainAvailable === false) {
    return ReasonCode.RetainNotSupported;
  }
  if (size > (terms.maximumPacketSize ?? Infinity)) {
    return ReasonCode.PacketTooLarge;
  }
  return (properties?.topicAlias ?? 0) > (terms.topicAliasMaximum ?? 0)
    ? ReasonCode.TopicAliasInvalid
    : undefined;
}
