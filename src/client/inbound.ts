import { PacketType, type Publish } from "../codec/packet.ts";
import {
  type PublishContents,
  publishContents,
} from "../codec/decode/publish_contents.ts";
import { protocolError } from "../codec/packet_error.ts";
import type { BrokerConnection } from "./broker_connection.ts";

/** What is to be answered, once a message is safe with its reader. */
interface Answer {
  readonly type: typeof PacketType.Puback | typeof PacketType.Pubrec;
  readonly packetId: number;
}

/** The messages that come to a client: each one once at QoS 2, across connections. */
export class Inbound {
  /** Exchanges of QoS 2 whose message has been read. */
  readonly #received = new Set<number>();
  /** Topics by their aliases. */
  readonly #aliases = new Map<number, string>();
  #answers: Answer[] = [];

  /** Begins with a new connection. */
  connected(isSessionPresent: boolean): void {
    this.#aliases.clear();
    this.#answers = [];
    if (!isSessionPresent) this.#received.clear();
  }

  /** The message as a copy; `undefined` if it has been read before. */
  take(publish: Publish): PublishContents | undefined {
    const { qos, packetId, topicAlias } = publish;
    const isKnown = qos === 2 && this.#received.has(packetId);
    if (qos === 2) this.#received.add(packetId);
    if (qos !== 0) {
      const type = qos === 1 ? PacketType.Puback : PacketType.Pubrec;
      this.#answers.push({ type, packetId });
    }
    if (isKnown) return undefined;
    const message = publishContents(publish);
    if (topicAlias === 0) return message;
    if (message.topic !== "") this.#aliases.set(topicAlias, message.topic);
    const topic = this.#aliases.get(topicAlias);
    if (topic === undefined) {
      throw protocolError(
        `Cannot accept PUBLISH: topic alias ${topicAlias} stands for nothing`,
      );
    }
    return { ...message, topic };
  }

  /** The broker knows that a message was read. */
  released(packetId: number, connection: BrokerConnection): void {
    this.#received.delete(packetId);
    connection.acknowledge(PacketType.Pubcomp, packetId);
  }

  /** Writes the answers to all messages that were taken. */
  answer(connection: BrokerConnection): void {
    const answers = this.#answers;
    if (answers.length === 0) return;
    this.#answers = [];
    for (const { type, packetId } of answers) {
      connection.acknowledge(type, packetId);
    }
  }
}
