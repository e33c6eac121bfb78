import {
  type Connack,
  type Disconnect,
  type FinishedPacket,
  PacketType,
  type Suback,
  type SubscriptionRequest,
  type Unsuback,
} from "../codec/packet.ts";
import type { Properties } from "../codec/properties.ts";
import type { PublishContents } from "../codec/decode/publish_contents.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import {
  BrokerConnection,
  type ConnectionHost,
  type ConnectionOptions,
} from "./broker_connection.ts";
import { ClientError } from "./client_error.ts";
import { Inbound } from "./inbound.ts";
import {
  Outbound,
  type OutgoingMessage,
  type PublishOutcome,
} from "./outbound.ts";
import { PacketIds } from "./packet_ids.ts";

/** Milliseconds before the first attempt to connect again, and at most. */
const FIRST_DELAY = 1000;
const LONGEST_DELAY = 30_000;
/** A connection that lasted so many milliseconds was a good one: the next delay is the first again. */
const GOOD_CONNECTION = 10_000;
/** Bytes and messages that may wait to be sent before whoever publishes should wait. */
const MUCH_PENDING = 1024 * 1024;
const MANY_WAITING = 1000;

/** How an {@linkcode MqttClient} is to work. */
export interface ClientOptions extends ConnectionOptions {
  /** Whether to connect again when the connection is lost. */
  readonly reconnects?: boolean;
  /** Milliseconds before the first attempt to do so; a second if not given. Doubled with each attempt. */
  readonly firstDelay?: number;
}

/** Who is told what happens to an {@linkcode MqttClient}. */
export interface ClientHost {
  /** A message has come. It is acknowledged once this and {@linkcode ClientHost.batched} have returned. */
  message?(message: PublishContents): void;
  /** All messages that came at once have been handed over. Nothing more is read until the promise is done. */
  batched?(): void | Promise<void>;
  /** It is connected, for the first time or again. */
  connected?(connack: Connack, client: MqttClient): void;
  /** The connection is lost, or could not be had again; in so many milliseconds it tries once more. */
  lost?(error: ClientError, delay: number): void;
}

/** A client with its session, which goes on from one connection to the next. */
export class MqttClient implements ConnectionHost {
  /** Resolves when it has ended: to why, if that was nobody's wish here. */
  readonly finished: Promise<ClientError | undefined>;
  readonly #finish: (error: ClientError | undefined) => void;
  #options: ClientOptions;
  readonly #owner: ClientHost;
  readonly #ids = new PacketIds();
  readonly #outbound = new Outbound(this.#ids);
  readonly #inbound = new Inbound();
  /** SUBSCRIBEs and UNSUBSCRIBEs that wait for their answers. */
  readonly #asked = new Map<
    number,
    PromiseWithResolvers<Suback | Unsuback>
  >();
  #connection: BrokerConnection | undefined;
  #connectedAt = 0;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isEnding = false;
  #takesMessages = true;
  #handling: Promise<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  /** Connects. Rejects with a {@linkcode ClientError} if that fails at the first attempt. */
  static async connect(
    options: ClientOptions,
    owner: ClientHost = {},
  ): Promise<MqttClient> {
    const client = new MqttClient(options, owner);
    client.#begin(await BrokerConnection.open(options));
    return client;
  }

  private constructor(options: ClientOptions, owner: ClientHost) {
    this.#options = options;
    this.#owner = owner;
    const { promise, resolve } = Promise.withResolvers<
      ClientError | undefined
    >();
    this.finished = promise;
    this.#finish = resolve;
  }

  /** How many messages that were published have no outcome yet. */
  get unfinished(): number {
    return this.#outbound.count;
  }

  /** Publishes, now or once it is connected again; `done` is told what became of it. */
  publish(
    message: OutgoingMessage,
    done: (outcome: PublishOutcome) => void = () => {},
  ): void {
    this.#outbound.add(message, (outcome) => {
      done(outcome);
      this.#makeRoom();
    });
  }

  /** Resolves once so little waits to be sent that more should be published. */
  async room(): Promise<void> {
    while (!this.#isEnding && this.#outbound.count > MANY_WAITING) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
    await this.#connection?.drained(MUCH_PENDING);
  }

  /** Subscribes. Rejects if the connection is lost before the answer. */
  async subscribe(
    filters: SubscriptionRequest[],
    properties: Properties = {},
  ): Promise<Suback> {
    const answer = await this.#ask((packetId) => ({
      type: PacketType.Subscribe,
      packetId,
      filters,
      extraFilters: 0,
      subscriptionIdentifier: 0,
      properties,
    }));
    return answer as Suback;
  }

  /** Ends subscriptions. Rejects if the connection is lost before the answer. */
  async unsubscribe(
    filters: string[],
    properties: Properties = {},
  ): Promise<Unsuback> {
    const answer = await this.#ask((packetId) => ({
      type: PacketType.Unsubscribe,
      packetId,
      filters,
      extraFilters: 0,
      properties,
    }));
    return answer as Unsuback;
  }

  /** Takes no more messages: those that have come and were not handed over stay with the broker. */
  takeNoMore(): void {
    this.#takesMessages = false;
  }

  /** Sends what waits, then DISCONNECT, and ends. Returns whether all of it could be sent. */
  async disconnect(
    { reasonCode = ReasonCode.NormalDisconnection, properties = {} }: Partial<
      Pick<Disconnect, "reasonCode" | "properties">
    > = {},
  ): Promise<boolean> {
    this.#takesMessages = false;
    await this.#handling;
    const connection = this.#connection;
    this.#stop();
    this.#connection = undefined;
    const type = PacketType.Disconnect;
    await connection?.close({ type, reasonCode, properties });
    this.#finish(undefined);
    return connection?.isComplete ?? false;
  }

  /** Takes what came with one read. */
  received(packets: readonly FinishedPacket[]): void | Promise<void> {
    let hasMessages = false;
    for (const packet of packets) {
      switch (packet.type) {
        case PacketType.Publish: {
          if (!this.#takesMessages) break;
          const message = this.#inbound.take(packet);
          hasMessages = true;
          if (message !== undefined) this.#owner.message?.(message);
          break;
        }
        case PacketType.Puback:
        case PacketType.Pubrec:
        case PacketType.Pubcomp:
          this.#outbound.acknowledged(packet);
          break;
        case PacketType.Pubrel:
          if (this.#connection === undefined) break;
          this.#inbound.released(packet.packetId, this.#connection);
          break;
        case PacketType.Suback:
        case PacketType.Unsuback:
          this.#ids.release(packet.packetId);
          this.#asked.get(packet.packetId)?.resolve(packet);
          this.#asked.delete(packet.packetId);
      }
    }
    const connection = this.#connection;
    connection?.flush();
    if (!hasMessages) return;
    const written = this.#owner.batched?.();
    if (written === undefined) return this.#answer(connection);
    this.#handling = written.then(() => this.#answer(connection));
    return this.#handling;
  }

  /** The connection is lost: connects again, if it is to. */
  lost(error: ClientError): void {
    this.#connection = undefined;
    this.#outbound.disconnected();
    for (const [packetId, { reject }] of this.#asked) {
      this.#ids.release(packetId);
      reject(error);
    }
    this.#asked.clear();
    if (performance.now() - this.#connectedAt > GOOD_CONNECTION) {
      this.#attempts = 0;
    }
    this.#tryLater(error);
  }

  #begin(connection: BrokerConnection): void {
    const { connack } = connection;
    this.#connection = connection;
    this.#connectedAt = performance.now();
    this.#keepSession(connack);
    this.#inbound.connected(connack.sessionPresent);
    this.#outbound.connected(connection);
    connection.start(this);
    this.#owner.connected?.(connack, this);
  }

  /** Comes back with the identifier that the broker has given it, and for the session if that lives on. */
  #keepSession({ properties }: Connack): void {
    const { connect } = this.#options;
    const { assignedClientIdentifier: clientId = connect.clientId } =
      properties;
    const expiry = properties.sessionExpiryInterval ??
      connect.properties.sessionExpiryInterval ?? 0;
    const cleanStart = connect.cleanStart && expiry === 0;
    this.#options = {
      ...this.#options,
      connect: { ...connect, clientId, cleanStart },
    };
  }

  #tryLater(error: ClientError): void {
    const { reconnects = false, firstDelay = FIRST_DELAY } = this.#options;
    if (this.#isEnding) return;
    if (error.isFinal || !reconnects) {
      this.#stop();
      return this.#finish(error);
    }
    const delay = Math.min(firstDelay * 2 ** this.#attempts++, LONGEST_DELAY);
    this.#owner.lost?.(error, delay);
    this.#timer = setTimeout(() => void this.#tryAgain(), delay);
  }

  async #tryAgain(): Promise<void> {
    try {
      const connection = await BrokerConnection.open(this.#options);
      if (this.#isEnding) {
        const type = PacketType.Disconnect;
        const reasonCode = ReasonCode.NormalDisconnection;
        return await connection.close({ type, reasonCode, properties: {} });
      }
      this.#begin(connection);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#tryLater(error);
    }
  }

  #ask(
    packet: (packetId: number) => FinishedPacket,
  ): Promise<Suback | Unsuback> {
    const connection = this.#connection;
    if (connection === undefined) {
      return Promise.reject(new ClientError("Cannot ask: not connected"));
    }
    const packetId = this.#ids.take();
    const asked = Promise.withResolvers<Suback | Unsuback>();
    this.#asked.set(packetId, asked);
    connection.sendPacket(packet(packetId));
    return asked.promise;
  }

  #answer(connection: BrokerConnection | undefined): void {
    // What came by a former connection comes once more.
    if (connection === undefined || connection !== this.#connection) return;
    this.#inbound.answer(connection);
    connection.flush();
  }

  #stop(): void {
    this.#isEnding = true;
    this.#takesMessages = false;
    clearTimeout(this.#timer);
    this.#outbound.disconnected();
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (!this.#isEnding && this.#outbound.count > MANY_WAITING / 2) return;
    this.#room?.resolve();
    this.#room = undefined;
  }
}
