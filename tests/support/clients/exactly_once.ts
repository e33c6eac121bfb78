import assert from "node:assert/strict";
import type { Client } from "./client.ts";
import { payloadText } from "./read_packets.ts";

interface Outgoing {
  readonly topic: string;
  readonly payload: string;
  /** PUBREC came: only PUBREL may be sent again. */
  received: boolean;
}

/**
 * The client's half of a persistent session at QoS 2, kept across connections as the specification asks (section
 * 4.4): what it holds against the broker's half shows every loss and every double.
 */
export class ExactlyOnce {
  /** The payloads received, each once, in their order. */
  readonly received: string[] = [];
  /** PUBLISHes that came again with DUP, on whatever connection. */
  duplicates = 0;
  readonly #incoming = new Set<number>();
  readonly #outgoing = new Map<number, Outgoing>();
  #client: Client | undefined;
  #lastPacketId = 0;
  #changed = Promise.withResolvers<void>();

  /** Messages that are not yet completed. */
  get pending(): number {
    return this.#outgoing.size;
  }

  /** Goes on over a new connection: sends again what is to be sent again. */
  async resume(client: Client): Promise<void> {
    this.#client = client;
    for (const [packetId, message] of this.#outgoing) {
      await this.#send(packetId, message, true);
    }
  }

  /** Answers what comes, until the connection ends. */
  async serve(client: Client): Promise<void> {
    for (;;) {
      const packet = await client.receiveOrEnd();
      if (packet === undefined) return;
      switch (packet.type) {
        case "publish":
          assert.equal(packet.qos, 2);
          if (packet.dup) this.duplicates++;
          if (!this.#incoming.has(packet.packetId)) {
            this.#incoming.add(packet.packetId);
            this.received.push(payloadText(packet));
          } else assert.ok(packet.dup, "the same identifier without DUP");
          await client.sendAcknowledgement("pubrec", packet.packetId);
          break;
        case "pubrel":
          this.#incoming.delete(packet.packetId);
          await client.sendAcknowledgement("pubcomp", packet.packetId);
          break;
        case "pubrec": {
          const message = this.#outgoing.get(packet.packetId);
          assert.ok(message, `PUBREC for ${packet.packetId}, not under way`);
          message.received = true;
          await client.sendAcknowledgement("pubrel", packet.packetId);
          break;
        }
        case "pubcomp":
          assert.ok(
            this.#outgoing.get(packet.packetId)?.received,
            `PUBCOMP for ${packet.packetId}, not under way`,
          );
          this.#outgoing.delete(packet.packetId);
          break;
        default:
          assert.equal(packet.type, "disconnect");
      }
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  /** Publishes over the connection there is; returns before anything is acknowledged. */
  async publish(topic: string, payload: string): Promise<void> {
    assert.ok(this.#client);
    do {
      this.#lastPacketId = this.#lastPacketId % 65_535 + 1;
    } while (this.#outgoing.has(this.#lastPacketId));
    const message = { topic, payload, received: false };
    this.#outgoing.set(this.#lastPacketId, message);
    await this.#send(this.#lastPacketId, message, false);
  }

  /** Returns once something was received that lets the condition hold. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#changed.promise;
  }

  async #send(packetId: number, message: Outgoing, dup: boolean) {
    if (message.received) {
      await this.#client!.sendAcknowledgement("pubrel", packetId);
    } else {
      const options = { qos: 2, packetId, dup };
      await this.#client!.sendPublish(message.topic, message.payload, options);
    }
  }
}
