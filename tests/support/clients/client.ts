import assert from "node:assert/strict";
import { describe, Inbox } from "./inbox.ts";
import type { Received, ReceivedOf, ReceivedPublish } from "./read_packets.ts";
import type { Properties } from "../properties.ts";
import {
  acknowledgement,
  connect,
  type ConnectOptions,
  disconnect,
  PINGREQ,
  publish,
  type PublishOptions,
  subscribe,
  type Subscription,
  unsubscribe,
  type Version,
} from "./write_packets.ts";

/** Where a broker listens. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

let lastClientId = 0;

/**
 * A client that does nothing by itself: what it sends and acknowledges is up to the test. Packets received wait in
 * order until the test takes them; waiting too long, the end of the connection, or a packet that a server must not
 * send fails the test.
 */
export class Client {
  /** The protocol that it speaks. */
  readonly version: Version;
  /** The CONNACK that accepted it, once {@linkcode Client.connect} has returned. */
  connack!: ReceivedOf<"connack">;
  readonly #connection: Deno.TcpConn;
  readonly #inbox: Inbox;
  #lastPacketId = 0;

  private constructor(connection: Deno.TcpConn, version: Version) {
    this.version = version;
    this.#connection = connection;
    this.#inbox = new Inbox(connection, version);
  }

  /** Opens a connection and sends nothing. */
  static async open(address: Address, version: Version = 5): Promise<Client> {
    const connection = await Deno.connect({
      hostname: address.hostname,
      port: address.port,
    });
    connection.setNoDelay(true);
    return new Client(connection, version);
  }

  /** Connects, and requires to be accepted. Without a client identifier in the options it gets one of its own. */
  static async connect(
    address: Address,
    options: ConnectOptions = {},
  ): Promise<Client> {
    const client = await Client.open(address, options.version);
    try {
      await client.sendConnect(options);
      client.connack = await client.expect("connack");
      assert.equal(client.connack.reasonCode, 0, "CONNACK refuses");
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** Sends CONNECT. */
  sendConnect(options: ConnectOptions = {}): Promise<void> {
    const { clientId = `client${++lastClientId}` } = options;
    return this.sendRaw(
      connect({ ...options, version: this.version, clientId }),
    );
  }

  /** Sends bytes as they are. That the peer is gone is seen on the receiving side, not here. */
  async sendRaw(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#connection.write(bytes.subarray(at));
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
  }

  /** A packet identifier not given out before (until 65,535 were). */
  nextPacketId(): number {
    this.#lastPacketId = this.#lastPacketId % 65_535 + 1;
    return this.#lastPacketId;
  }

  /** Sends PUBLISH and awaits nothing; returns its packet identifier, 0 at QoS 0. */
  async sendPublish(
    topic: string,
    payload: string | Uint8Array = "",
    options: PublishOptions = {},
  ): Promise<number> {
    const packetId = options.qos ? options.packetId ?? this.nextPacketId() : 0;
    await this.sendRaw(
      publish(this.version, topic, payload, { ...options, packetId }),
    );
    return packetId;
  }

  /** Publishes and completes the exchange; returns the reason code of the first acknowledgement, 0 at QoS 0. */
  async publish(
    topic: string,
    payload: string | Uint8Array = "",
    options: PublishOptions = {},
  ): Promise<number> {
    const id = await this.sendPublish(topic, payload, options);
    if (!options.qos) return 0;
    const first = await this.take(options.qos === 1 ? "puback" : "pubrec", id);
    if (options.qos === 2 && first.reasonCode < 0x80) {
      await this.sendAcknowledgement("pubrel", id);
      await this.take("pubcomp", id);
    }
    return first.reasonCode;
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP. */
  sendAcknowledgement(
    type: "puback" | "pubrec" | "pubrel" | "pubcomp",
    packetId: number,
    reasonCode?: number,
    properties?: Properties,
  ): Promise<void> {
    return this.sendRaw(
      acknowledgement(this.version, type, packetId, reasonCode, properties),
    );
  }

  /** Subscribes and awaits the SUBACK, which it returns. Retained messages that follow are left to be received. */
  async subscribe(
    what: string | readonly Subscription[],
    options: Omit<Subscription, "filter"> & { properties?: Properties } = {},
  ): Promise<ReceivedOf<"suback">> {
    const { properties, ...rest } = options;
    const list = typeof what === "string" ? [{ filter: what, ...rest }] : what;
    const id = this.nextPacketId();
    await this.sendRaw(subscribe(this.version, id, list, properties));
    return await this.take("suback", id);
  }

  /** Unsubscribes and awaits the UNSUBACK, which it returns. */
  async unsubscribe(...filters: string[]): Promise<ReceivedOf<"unsuback">> {
    const id = this.nextPacketId();
    await this.sendRaw(unsubscribe(this.version, id, filters));
    return await this.take("unsuback", id);
  }

  /** How many packets were received and not yet taken. */
  get waiting(): number {
    return this.#inbox.length;
  }

  /** The next packet, whatever it is. */
  async receive(): Promise<Received> {
    const next = await this.#inbox.next();
    assert.ok(next !== undefined, "The server closed the connection");
    return next;
  }

  /** The next packet, or undefined at the end of the connection. */
  receiveOrEnd(): Promise<Received | undefined> {
    return this.#inbox.next();
  }

  /** Returns once something was received, or the connection ended, and takes nothing. */
  peek(): Promise<void> {
    return this.#inbox.peek();
  }

  /** The next packet, which must be of this type. */
  async expect<T extends Received["type"]>(type: T): Promise<ReceivedOf<T>> {
    const packet = await this.receive();
    if (packet.type !== type) {
      assert.fail(`Expected ${type}, received ${describe(packet)}`);
    }
    return packet as ReceivedOf<T>;
  }

  /** The first packet of this type (and with this identifier) among those received and still to come. */
  take<T extends Received["type"]>(
    type: T,
    packetId?: number,
  ): Promise<ReceivedOf<T>> {
    return this.#inbox.take((packet): packet is ReceivedOf<T> =>
      packet.type === type &&
      (packetId === undefined ||
        ("packetId" in packet && packet.packetId === packetId))
    );
  }

  /** The next packet, which must be a PUBLISH; acknowledged as its QoS asks for. */
  async message(): Promise<ReceivedPublish> {
    const message = await this.expect("publish");
    await this.acknowledge(message);
    return message;
  }

  /** The next packets, which must be PUBLISHes; each acknowledged. */
  async messages(count: number): Promise<ReceivedPublish[]> {
    const messages: ReceivedPublish[] = [];
    while (messages.length < count) messages.push(await this.message());
    return messages;
  }

  /** Does what a receiver has to do for a message; at QoS 2 the whole exchange. */
  async acknowledge({ qos, packetId }: ReceivedPublish): Promise<void> {
    if (qos === 1) await this.sendAcknowledgement("puback", packetId);
    if (qos === 2) {
      await this.sendAcknowledgement("pubrec", packetId);
      await this.take("pubrel", packetId);
      await this.sendAcknowledgement("pubcomp", packetId);
    }
  }

  /** PINGREQ and its answer; what comes before the answer is left to be received. */
  async ping(): Promise<void> {
    await this.sendRaw(PINGREQ);
    await this.take("pingresp");
  }

  /**
   * Returns once the broker has routed all that this client sent before: an UNSUBSCRIBE, which changes nothing,
   * has been answered after it.
   */
  async settle(): Promise<void> {
    await this.unsubscribe("never/subscribed");
  }

  /** Requires that nothing was received and that nothing comes before the answer to a PINGREQ. */
  async expectNothing(): Promise<void> {
    await this.sendRaw(PINGREQ);
    await this.expect("pingresp");
  }

  /**
   * Requires that the server ends the connection: in MQTT 5.0, if reason codes are given, after a DISCONNECT with one
   * of them, and in any case with nothing else before the end.
   */
  async expectClosed(...reasonCodes: number[]): Promise<void> {
    if (this.version === 5 && reasonCodes.length > 0) {
      const { reasonCode } = await this.expect("disconnect");
      assertOneOf(reasonCode, reasonCodes, "DISCONNECT");
    }
    const next = await this.#inbox.next();
    assert.ok(next === undefined, `Received before the end: ${describe(next)}`);
    await this.close();
  }

  /** Requires a CONNACK with one of these codes and the end of the connection. */
  async expectRefused(
    ...reasonCodes: number[]
  ): Promise<ReceivedOf<"connack">> {
    const connack = await this.expect("connack");
    assertOneOf(connack.reasonCode, reasonCodes, "CONNACK");
    assert.equal(connack.sessionPresent, false, "Session Present");
    await this.expectClosed();
    return connack;
  }

  /**
   * Requires that a CONNECT of a wrong form was not accepted: in MQTT 5.0 a CONNACK with one of these codes may come
   * before the end of the connection, below 5.0 nothing may [MQTT-3.1.4-1].
   */
  async expectMalformedConnect(...reasonCodes: number[]): Promise<void> {
    const next = this.version === 5 ? await this.#inbox.next() : undefined;
    if (next !== undefined) {
      assert.ok(next.type === "connack", `Received ${describe(next)}`);
      assertOneOf(next.reasonCode, reasonCodes, "CONNACK");
    }
    await this.expectClosed();
  }

  /** Stops reading from the socket, so that it fills up, until {@linkcode Client.resume}. */
  pause(): void {
    this.#inbox.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#inbox.resume();
  }

  /** Sends DISCONNECT and returns when the server has closed the connection. */
  async disconnect(reasonCode = 0, properties?: Properties): Promise<void> {
    await this.sendRaw(disconnect(this.version, reasonCode, properties));
    await this.#inbox.end();
    await this.close();
  }

  /** Ends the connection at once, without DISCONNECT. May be called at any time, also twice. */
  async close(): Promise<void> {
    try {
      this.#connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await this.#inbox.closed();
  }
}

/** A number as the specification writes reason codes. */
export function hex(code: number): string {
  return "0x" + code.toString(16).toUpperCase().padStart(2, "0");
}

function assertOneOf(
  code: number,
  codes: readonly number[],
  what: string,
): void {
  assert.ok(
    codes.includes(code),
    `${what} with ${hex(code)} in place of ${codes.map(hex).join(" or ")}`,
  );
}
