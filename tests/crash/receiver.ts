import {
  payloadText,
  type ReceivedPublish,
} from "../support/clients/read_packets.ts";
import type { Model } from "./model.ts";

/** What a {@linkcode Receiver} is. */
export interface ReceiverOptions {
  readonly model: Model;
  readonly clientId: string;
  /** How many acknowledgements it keeps back, the oldest of which it sends when there is one more. */
  readonly keepsBack: number;
  readonly send: (
    type: "puback" | "pubrec" | "pubcomp",
    packetId: number,
  ) => void;
}

/** The receiving side of a client's half of a session (section 4.3): tells the model each message once. */
export class Receiver {
  readonly #options: ReceiverOptions;
  /** QoS 2 messages between PUBLISH and PUBREL. */
  readonly #incoming = new Map<number, string>();
  readonly #answers: Parameters<ReceiverOptions["send"]>[] = [];
  #keepsBack: number;
  #connections = 0;

  /** Begins without a session. */
  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#keepsBack = options.keepsBack;
  }

  /** QoS 2 messages that the broker has not released. */
  get pending(): number {
    return this.#incoming.size;
  }

  /** Goes on over a new connection; without the broker's half of the session its own is worth nothing. */
  resume(sessionPresent: boolean): void {
    this.#connections++;
    this.#answers.length = 0;
    if (!sessionPresent) this.#incoming.clear();
  }

  /** Takes a PUBLISH. */
  receive(packet: ReceivedPublish): void {
    const { model, clientId } = this.#options;
    const { packetId, qos, topic, retain } = packet;
    const payload = payloadText(packet);
    const id = packet.properties.contentType ?? payload.split(" ", 1)[0]!;
    const known = qos === 2 ? this.#incoming.get(packetId) : undefined;
    if (known === undefined) {
      const connection = `${clientId} ${this.#connections}`;
      const delivery = { id, topic, payload, qos, retain, connection };
      model.deliver(clientId, delivery);
      if (qos === 2) this.#incoming.set(packetId, id);
    } else if (known !== id || !packet.dup) {
      model.violation(
        `${clientId}: ${id} came with the packet id of ${known}, before PUBREL or without DUP`,
      );
    }
    this.#answer(qos === 1 ? "puback" : "pubrec", packetId);
  }

  /** Takes a PUBREL. */
  release(packetId: number): void {
    this.#incoming.delete(packetId);
    this.#answer("pubcomp", packetId);
  }

  /** Sends the acknowledgements that it kept back, and keeps none back from now on. */
  catchUp(): void {
    this.#keepsBack = 0;
    this.#sendAnswers();
  }

  #answer(type: "puback" | "pubrec" | "pubcomp", packetId: number): void {
    this.#answers.push([type, packetId]);
    this.#sendAnswers();
  }

  #sendAnswers(): void {
    while (this.#answers.length > this.#keepsBack) {
      this.#options.send(...this.#answers.shift()!);
    }
  }
}
