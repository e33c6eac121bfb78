import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import {
  connect,
  type IClientOptions,
  type IClientPublishOptions,
  type MqttClient,
} from "mqtt";
import type { Address } from "./client.ts";
import { PATIENCE } from "./inbox.ts";

/** A message as MQTT.js hands it out. */
export interface JsMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
}

/** MQTT.js, a client that many use. To be had with `await using`. */
export class MqttJs implements AsyncDisposable {
  /** Whether CONNACK said that there was a session. */
  sessionPresent = false;
  readonly #client: MqttClient;
  readonly #messages: JsMessage[] = [];
  #arrival = Promise.withResolvers<void>();

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload, { qos }) => {
      this.#messages.push({ topic, payload: payload.toString(), qos });
      this.#arrival.resolve();
    });
  }

  /** Connects to an address, or a URL; does not try a second time. */
  static async connect(
    address: Address | string,
    options: IClientOptions,
  ): Promise<MqttJs> {
    let sessionPresent = false;
    const url = typeof address === "string"
      ? address
      : `mqtt://${address.hostname}:${address.port}`;
    const client = connect(url, {
      reconnectPeriod: 0,
      keepalive: 0,
      ...options,
    });
    const js = new MqttJs(client);
    await new Promise<void>((resolve, reject) => {
      client.once("connect", (connack) => {
        sessionPresent = connack.sessionPresent;
        resolve();
      });
      client.once("error", reject);
    });
    js.sessionPresent = sessionPresent;
    return js;
  }

  /** Subscribes and returns the QoS granted. */
  async subscribe(filter: string, qos: 0 | 1 | 2): Promise<number[]> {
    const grants = await this.#client.subscribeAsync(filter, { qos });
    return grants.map((grant) => grant.qos);
  }

  /** Publishes and returns when the exchange is complete. */
  async publish(
    topic: string,
    payload: string,
    options: IClientPublishOptions,
  ): Promise<void> {
    await deadline(
      this.#client.publishAsync(topic, payload, options),
      PATIENCE,
    );
  }

  /** The next message. */
  async message(): Promise<JsMessage> {
    while (this.#messages.length === 0) {
      await deadline(this.#arrival.promise, PATIENCE);
      this.#arrival = Promise.withResolvers();
    }
    const message = this.#messages.shift();
    assert.ok(message);
    return message;
  }

  /** Sends DISCONNECT and closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync();
  }
}
