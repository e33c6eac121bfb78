// One client and its half of a session, kept across connections as section 4.4 of the specification asks.

import type { Client } from "../support/clients/client.ts";
import { describe } from "../support/clients/inbox.ts";
import type { Received, ReceivedOf } from "../support/clients/read_packets.ts";
import {
  acknowledgement,
  disconnect,
  publish,
  subscribe,
  unsubscribe,
  type Version,
  type Will,
} from "../support/clients/write_packets.ts";
import type { Model } from "./model.ts";
import { Receiver } from "./receiver.ts";
import type { Stage } from "./stage.ts";
import type { Change, Sent } from "./verdict.ts";

/** What a {@linkcode Device} is. */
export interface DeviceOptions {
  readonly clientId: string;
  readonly version?: Version;
  /** Whether its session ends with each connection: then it sends nothing again. */
  readonly clean?: boolean;
  /** The QoS of its subscriptions; left out where it has none. */
  readonly qos?: 1 | 2;
  /** What it subscribes to when it first comes. */
  readonly filters?: readonly string[];
  /** How many messages it takes before it acknowledges the first. */
  readonly receiveMaximum?: number;
  /** How many acknowledgements it keeps back, the oldest of which it sends when there is one more. */
  readonly keepsBack?: number;
}

type Acknowledgement = ReceivedOf<"puback" | "pubrec" | "pubcomp">;

interface Outgoing {
  readonly sent: Sent;
  /** PUBREC came: only PUBREL may be sent again. */
  received: boolean;
}

/** Sends, acknowledges and sends again as a client should, and tells the model what it is told. */
export class Device {
  readonly clientId: string;
  readonly #options: DeviceOptions;
  readonly #stage: Stage;
  readonly #model: Model;
  readonly #version: Version;
  readonly #receiver: Receiver;
  #client: Client | undefined;
  #connections = 0;
  #leaving = false;
  readonly #outgoing = new Map<number, Outgoing>();
  /** Changes of subscriptions that wait for SUBACK or UNSUBACK. */
  readonly #changes = new Map<number, Change>();
  #writing: Promise<void> = Promise.resolve();
  #changed = Promise.withResolvers<void>();

  /** Makes it; it does nothing by itself. */
  constructor(stage: Stage, options: DeviceOptions) {
    this.#stage = stage;
    this.#model = stage.model;
    this.#options = options;
    this.#version = options.version ?? 5;
    this.clientId = options.clientId;
    if (options.qos) this.#model.subscriber(this.clientId, options.qos);
    this.#receiver = new Receiver({
      model: this.#model,
      clientId: this.clientId,
      keepsBack: options.keepsBack ?? 0,
      send: (type, packetId) =>
        this.#write(acknowledgement(this.#version, type, packetId)),
    });
  }

  /** Whether it is online. */
  get online(): boolean {
    return this.#client !== undefined;
  }

  /** Its messages that are not acknowledged to the end. */
  get underWay(): number {
    return this.#outgoing.size;
  }

  /** All that is not acknowledged to the end, its own or the broker's. */
  get pending(): number {
    return this.#outgoing.size + this.#changes.size + this.#receiver.pending;
  }

  /** Comes in and sends again what was not acknowledged. Says whether it was let in. */
  async connect(will?: Will): Promise<boolean> {
    const { clientId } = this;
    const { clean = false, receiveMaximum = 1000 } = this.#options;
    const client = await this.#stage.open(this.#version);
    if (client === undefined) return false;
    const properties = this.#version === 5
      ? { sessionExpiryInterval: clean ? 0 : 3600, receiveMaximum }
      : {};
    const options = { clientId, clean, properties, ...will && { will } };
    await client.sendConnect(options);
    const connack = await this.#receive(client);
    if (connack?.type !== "connack" || connack.reasonCode !== 0) {
      this.#stage.ended(clientId, connack);
      await client.close();
      return false;
    }
    this.#client = client;
    this.#leaving = false;
    this.#stage.acknowledged();
    if (!clean) this.#model.accepted(clientId, connack.sessionPresent);
    this.#begin(connack.sessionPresent);
    return true;
  }

  #begin(sessionPresent: boolean): void {
    const { clean, qos, filters = [] } = this.#options;
    if (clean) {
      for (const { sent } of this.#outgoing.values()) this.#model.giveUp(sent);
      this.#outgoing.clear();
    }
    this.#receiver.resume(sessionPresent);
    let changes = [...this.#changes.values()];
    if (!sessionPresent && qos) {
      changes = this.#model.subscriptions(this.clientId);
    }
    this.#changes.clear();
    if (this.#connections++ === 0) {
      for (const filter of filters) this.change(filter, true);
    }
    for (const change of changes) this.#sendChange(change);
    for (const [packetId, message] of this.#outgoing) {
      this.#send(packetId, message, true);
    }
  }

  /** Takes what comes until the connection ends; ends it itself after so many packets. */
  async serve(packets = Infinity): Promise<void> {
    const client = this.#client!;
    let last: Received | undefined;
    for (let taken = 0; taken < packets; taken++) {
      const packet = await this.#receive(client);
      if (packet === undefined) {
        if (!this.#leaving) this.#stage.ended(this.clientId, last);
        break;
      }
      last = packet;
      this.#take(packet);
      this.#notify();
    }
    await client.close();
    await this.#writing;
    this.#client = undefined;
    this.#notify();
  }

  /** Takes its leave with this reason code, or without a word, and returns when it is offline. */
  async leave(reasonCode?: number): Promise<void> {
    this.#leaving = true;
    if (reasonCode === undefined) await this.#client?.close();
    else this.#write(disconnect(this.#version, reasonCode));
    await this.until(() => false);
  }

  /** Returns once something came that lets the condition hold, or once it is offline. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && this.online) await this.#changed.promise;
  }

  /** Resolves when something comes, or it goes offline. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Publishes. */
  publish(
    topic: string,
    payload: string,
    options: { qos: 1 | 2; retain?: boolean },
  ): void {
    const { qos, retain = false } = options;
    const publisher = this.clientId;
    const sent = this.#model.send({ publisher, topic, payload, qos, retain });
    const message = { sent, received: false };
    const packetId = this.#nextPacketId();
    this.#outgoing.set(packetId, message);
    this.#send(packetId, message, false);
  }

  /** Subscribes or unsubscribes. */
  change(filter: string, on: boolean): Change {
    const change = this.#model.change(this.clientId, filter, on);
    this.#sendChange(change);
    return change;
  }

  /** Sends the acknowledgements that it kept back, and keeps none back from now on. */
  catchUp(): void {
    this.#receiver.catchUp();
  }

  /** The least that is free: the broker must have forgotten what bore it last. */
  #nextPacketId(): number {
    let packetId = 1;
    while (this.#outgoing.has(packetId) || this.#changes.has(packetId)) {
      packetId++;
    }
    return packetId;
  }

  #send(packetId: number, { sent, received }: Outgoing, dup: boolean): void {
    if (received) {
      this.#write(acknowledgement(this.#version, "pubrel", packetId));
      return;
    }
    sent.sends++;
    const { topic, payload, qos, retain, id } = sent;
    // An empty payload names nothing.
    const properties = payload === "" ? { contentType: id } : {};
    const options = { qos, retain, packetId, dup, properties };
    this.#write(publish(this.#version, topic, payload, options));
  }

  #sendChange(change: Change): void {
    const packetId = this.#nextPacketId();
    this.#changes.set(packetId, change);
    const { filter, on } = change;
    const version = this.#version;
    const qos = this.#options.qos!;
    // Without retained messages, which would come again with each SUBSCRIBE.
    const one = { filter, qos, retainHandling: version === 5 ? 2 : 0 };
    this.#write(
      on
        ? subscribe(version, packetId, [one])
        : unsubscribe(version, packetId, [filter]),
    );
  }

  /** Sends bytes after those before them. */
  #write(bytes: Uint8Array): void {
    const client = this.#client;
    this.#writing = this.#writing.then(() => client?.sendRaw(bytes));
  }

  /** The next packet; `undefined` at the end, and where the broker sends what it must not. */
  async #receive(client: Client): Promise<Received | undefined> {
    try {
      return await client.receiveOrEnd();
    } catch (error) {
      this.#model.violation(`${this.clientId}: ${error}`);
      return undefined;
    }
  }

  #take(packet: Received): void {
    if (packet.type === "publish") this.#receiver.receive(packet);
    else if (packet.type === "pubrel") this.#receiver.release(packet.packetId);
    else if (packet.type === "suback" || packet.type === "unsuback") {
      this.#stage.acknowledged();
      this.#changeAcknowledged(packet);
    } else if (packet.type !== "disconnect") {
      this.#stage.acknowledged();
      this.#acknowledged(packet as Acknowledgement);
    }
  }

  #acknowledged(packet: Acknowledgement): void {
    const { type, packetId, reasonCode } = packet;
    const message = this.#outgoing.get(packetId);
    const second = message?.received ? "pubcomp" : "pubrec";
    const awaited = message?.sent.qos === 2 ? second : "puback";
    // PUBCOMP for what is not known any more is an answer like any other.
    const refused = reasonCode >= 0x80 && awaited !== "pubcomp";
    if (message === undefined || type !== awaited || refused) {
      this.#blame(packet, message?.sent.id);
      return;
    }
    this.#model.owe(message.sent);
    message.received = awaited === "pubrec";
    if (message.received) this.#send(packetId, message, false);
    else this.#outgoing.delete(packetId);
  }

  #changeAcknowledged(packet: ReceivedOf<"suback" | "unsuback">): void {
    const change = this.#changes.get(packet.packetId);
    this.#changes.delete(packet.packetId);
    const refused = packet.reasonCodes.some((code) => code >= 0x80);
    const on = packet.type === "suback";
    if (change?.on !== on || refused) this.#blame(packet, change?.filter);
    else this.#model.acknowledge(change);
  }

  #blame(packet: Received, what: string | undefined): void {
    const { clientId } = this;
    this.#model.violation(`${clientId}: ${describe(packet)} for ${what}`);
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
