/** Mixed load on a broker: the frame in which the roles of soak_roles.ts play. */

import { type Address, Client } from "../../tests/support/clients/client.ts";
import type { ReceivedPublish } from "../../tests/support/clients/read_packets.ts";
import {
  type ConnectOptions,
  type Version,
  VERSIONS,
} from "../../tests/support/clients/write_packets.ts";

/** One kind of traffic: plays until `load.running` is false, and leaves no connection behind. */
export type Role = (load: Load) => Promise<void>;

let lastName = 0;

/** A name that was never used before. */
export function newName(): string {
  return `${++lastName}`;
}

/** A protocol version by turns. */
export function someVersion(turn: number): Version {
  return VERSIONS[turn % VERSIONS.length]!;
}

/** A phase of load: what its roles share, and what they count. */
export class Load {
  /** Whether the roles are to go on. */
  running = true;
  /** Messages sent to the broker. */
  published = 0;
  /** Messages received from it. */
  delivered = 0;
  /** Connections opened. */
  connections = 0;
  /** What went wrong, in words. */
  readonly faults: string[] = [];
  readonly #address: Address;
  readonly #playing: Promise<void>[];

  /** Starts all roles. */
  constructor(address: Address, roles: readonly Role[]) {
    this.#address = address;
    this.#playing = roles.map(async (role) => {
      try {
        await role(this);
      } catch (error) {
        this.faults.push(`${role.name}: ${error}`);
      }
    });
  }

  /** Ends all roles; returns when all their connections are gone. */
  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.#playing);
  }

  /** Connects a client, under a name of its own unless the options give one. */
  connect(options: ConnectOptions = {}): Promise<Client> {
    this.connections++;
    const clientId = options.clientId ?? `soak-${newName()}`;
    return Client.connect(this.#address, { ...options, clientId });
  }

  /** Opens a connection and says nothing. */
  open(version: Version): Promise<Client> {
    this.connections++;
    return Client.open(this.#address, version);
  }

  /** Waits, so that a role keeps to a rate. */
  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  /** Publishes and completes the exchange. */
  async publish(
    client: Client,
    topic: string,
    payload: string | Uint8Array,
    options: Parameters<Client["publish"]>[2] = {},
  ): Promise<void> {
    this.published++;
    await client.publish(topic, payload, options);
  }

  /** Receives and acknowledges so many messages. */
  async receive(client: Client, count: number): Promise<ReceivedPublish[]> {
    const messages = await client.messages(count);
    this.delivered += count;
    return messages;
  }

  /** Receives and acknowledges whatever comes; returns at the end of the connection. */
  async consume(client: Client): Promise<void> {
    try {
      for (;;) {
        const packet = await client.receiveOrEnd();
        if (packet === undefined) return;
        if (packet.type !== "publish") continue;
        this.delivered++;
        await client.acknowledge(packet);
      }
    } catch (error) {
      // The end of the connection in the midst of an exchange at QoS 2.
      if (!String(error).includes("closed the connection")) throw error;
    }
  }
}
