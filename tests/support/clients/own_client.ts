import { deadline } from "@std/async/deadline";
import { readBrokerUrl } from "../../../src/client/broker_address.ts";
import type { ClientError } from "../../../src/client/client_error.ts";
import {
  type ClientOptions,
  MqttClient,
} from "../../../src/client/mqtt_client.ts";
import type {
  OutgoingMessage,
  PublishOutcome,
} from "../../../src/client/outbound.ts";
import {
  type Connack,
  type Connect,
  PacketType,
  type ProtocolVersion,
  type QoS,
  type Suback,
} from "../../../src/codec/packet.ts";
import type { PublishContents } from "../../../src/codec/decode/publish_contents.ts";
import { utf8 } from "../bytes.ts";
import { PATIENCE } from "./inbox.ts";

/** How a {@linkcode ClientHandle} differs from a client as anyone would have it. */
export interface OwnClientOptions
  extends Partial<Omit<ClientOptions, "address" | "connect">> {
  /** 5 if not given. */
  readonly version?: ProtocolVersion;
  /** Parts of the CONNECT. */
  readonly connect?: Partial<Connect>;
}

let last = 0;

/** The program's own client, with what came to it. To be had with `await using`. */
export class ClientHandle implements AsyncDisposable {
  /** The client. */
  client!: MqttClient;
  /** All CONNACKs. */
  readonly connacks: Connack[] = [];
  /** Why connections were lost. */
  readonly losses: ClientError[] = [];
  readonly #messages: PublishContents[] = [];
  #changed = Promise.withResolvers<void>();

  private constructor() {}

  /** Connects, and requires to be accepted. */
  static async connect(
    url: string,
    { version = 5, connect, ...options }: OwnClientOptions = {},
  ): Promise<ClientHandle> {
    const handle = new ClientHandle();
    handle.client = await MqttClient.connect(
      {
        address: readBrokerUrl(url).address,
        ...options,
        connect: {
          type: PacketType.Connect,
          protocolVersion: version,
          cleanStart: true,
          keepAlive: 60,
          clientId: `own${++last}`,
          properties: {},
          ...connect,
        },
      },
      {
        message: (message) => void handle.#messages.push(message),
        batched: () => handle.#notify(),
        connected: (connack) => {
          handle.connacks.push(connack);
          handle.#notify();
        },
        lost: (error) => {
          handle.losses.push(error);
          handle.#notify();
        },
      },
    );
    return handle;
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Waits until something holds that the client is told. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await deadline(this.#changed.promise, PATIENCE);
  }

  /** Subscribes to one filter. */
  subscribe(filter: string, qos: QoS): Promise<Suback> {
    return this.client.subscribe([{
      filter,
      qos,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    }]);
  }

  /** Publishes, and waits for the outcome. */
  publish(
    topic: string,
    payload: string | Uint8Array,
    options: Partial<OutgoingMessage> = {},
  ): Promise<PublishOutcome> {
    const bytes = typeof payload === "string" ? utf8(payload) : payload;
    return new Promise((resolve) =>
      this.client.publish({
        topic,
        payload: bytes,
        qos: 0,
        retain: false,
        ...options,
      }, resolve)
    );
  }

  /** The next message. */
  async message(): Promise<PublishContents> {
    await this.until(() => this.#messages.length > 0);
    return this.#messages.shift()!;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.disconnect();
  }
}
