import type { ConnectionOptions } from "../../client/broker_connection.ts";
import { PublishTemplate } from "../../client/publish_template.ts";
import type { QoS } from "../../codec/packet.ts";
import { breathe } from "../../core/breathe.ts";
import { StartError } from "../../core/errors.ts";
import { BenchPeer } from "./bench_peer.ts";

/** Messages of one write. */
const BATCH = 50;
/** Messages under way without an acknowledgement, at QoS 1 and 2. */
const WINDOW = 100;
/** Messages at QoS 0 that may have been sent and not come yet: more would measure how the broker drops them. */
const AHEAD = 2000;
/** Bytes that wait to be sent before no more are written. */
const MUCH_PENDING = 256 * 1024;
/** Milliseconds without a message after which those that have not come are lost. */
const PATIENCE = 1000;

/** How a pair talks. */
export interface PairOptions {
  /** The connection of each, but for the client identifier. */
  readonly connection: (role: string) => ConnectionOptions;
  /** The topic that it has for itself. */
  readonly topic: string;
  /** Bytes of each payload. */
  readonly size: number;
}

/** A publisher, and a subscriber to what it publishes. */
export class BenchPair {
  /** Messages that were sent and are lost. */
  lost = 0;
  /** Messages that were sent. */
  sent = 0;
  readonly #publisher: BenchPeer;
  readonly #subscriber: BenchPeer;
  readonly #template: PublishTemplate;
  readonly #qos: QoS;
  #lastId = 0;
  #progress = { messages: 0, time: performance.now() };

  /** Connects both, and subscribes. */
  static async connect(options: PairOptions, qos: QoS): Promise<BenchPair> {
    const { connection, topic } = options;
    const subscriber = await BenchPeer.connect(connection("sub"));
    const code = await subscriber.subscribe(topic, qos);
    if (code !== qos) {
      await subscriber.disconnect();
      throw new StartError(
        code < 0x80
          ? `Cannot measure QoS ${qos}: the broker grants ${code}`
          : `Cannot subscribe to ${topic}: not authorized; --topic names one that is`,
      );
    }
    const publisher = await BenchPeer.connect(connection("pub"));
    return new BenchPair(publisher, subscriber, options, qos);
  }

  private constructor(
    publisher: BenchPeer,
    subscriber: BenchPeer,
    { topic, size }: PairOptions,
    qos: QoS,
  ) {
    const { version } = publisher.connection;
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#template = new PublishTemplate({ topic, qos, size, version });
    this.#qos = qos;
  }

  /** Messages that have come. */
  get delivered(): number {
    return this.#subscriber.messages;
  }

  /** Messages that the broker has refused. */
  get refused(): number {
    return this.#publisher.refused;
  }

  /** Rejects if one of the connections is lost. */
  get ended(): Promise<never> {
    return Promise.race([this.#publisher.ended, this.#subscriber.ended]);
  }

  /** Has somebody told of each message's time on the way, in milliseconds. */
  set onMessage(callback: (took: number) => void) {
    this.#subscriber.onMessage = callback;
  }

  /** Sends one message, and resolves when it has come and, at QoS 1 and 2, is acknowledged. */
  async exchange(): Promise<void> {
    const { sent } = this;
    this.#send(1);
    const isDone = () =>
      this.#subscriber.messages > sent &&
      (this.#qos === 0 || this.#publisher.acknowledged > sent);
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (isDone()) resolve();
    };
    this.#publisher.onRead = look;
    this.#subscriber.onRead = look;
    await Promise.race([promise, this.ended]);
  }

  /** Sends as many as may be under way. */
  fill(): void {
    if (this.#publisher.connection.pending > MUCH_PENDING) return;
    const { messages } = this.#subscriber;
    const now = performance.now();
    if (messages > this.#progress.messages) {
      this.#progress = { messages, time: now };
    }
    const outstanding = this.sent - messages - this.lost;
    if (outstanding > 0 && now - this.#progress.time > PATIENCE) {
      this.lost += outstanding;
      this.#progress.time = now;
    }
    const room = this.#qos === 0
      ? AHEAD - outstanding
      : WINDOW - (this.sent - this.#publisher.acknowledged);
    if (room >= 1) this.#send(Math.min(room, BATCH));
  }

  /** Waits until all that was sent has come, or nothing more does. */
  async resolveSettings(): Promise<void> {
    let before = -1;
    let since = performance.now();
    while (this.sent - this.lost > this.delivered) {
      const now = performance.now();
      if (this.delivered !== before) {
        before = this.delivered;
        since = now;
      }
      if (now - since > PATIENCE) break;
      await breathe();
    }
    this.lost = this.sent - this.delivered;
  }

  /** Ends both. */
  async disconnect(): Promise<void> {
    await this.#publisher.disconnect();
    await this.#subscriber.disconnect();
  }

  #send(count: number): void {
    const ids: number[] = [];
    for (let at = 0; at < count; at++) {
      this.#lastId = this.#lastId % 60_000 + 1;
      ids.push(this.#lastId);
    }
    this.#publisher.connection.send(
      this.#template.write(this.sent, ids, performance.now()),
    );
    this.sent += count;
  }
}
