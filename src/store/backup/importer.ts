import type { DatabaseSync } from "node:sqlite";
import { ByteBuffer } from "../../core/byte_buffer.ts";
import type { QoS } from "../../codec/packet.ts";
import { countRows } from "../database/database.ts";
import { EncodingReader } from "../journal/encoding.ts";
import type { ExportLine } from "./export_lines.ts";
import type { MessageObject } from "./export_message.ts";
import { Message } from "../message.ts";
import { MessageBodies, StoredBody } from "../journal/message_body.ts";
import { PACKET_IDENTIFIERS } from "../tables/sessions.ts";
import { isSharedGroup } from "../store.ts";
import { prepareTables, type Tables } from "../tables/tables.ts";

/** Lines that are written in one transaction. */
const LINES = 20_000;

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** A line of this type. */
type Line<T extends ExportLine["type"]> = Extract<ExportLine, { type: T }>;

/** Writes the lines of an export into an empty database, and requires that they make sense one after the other. */
export class Importer {
  readonly #database: DatabaseSync;
  readonly #tables: Tables;
  readonly #bodies = new MessageBodies();
  readonly #body = new ByteBuffer();
  readonly #sessions = new Set<string>();
  /** Packet identifiers that clients have, behind their names and a line feed. */
  readonly #packetIds = new Set<string>();
  /** Shared messages in the order of their numbers: their rows, and how long they are. */
  readonly #shared: { readonly row: number; readonly length: number }[] = [];
  /** In place of a shared message that is there already: of that, only its length counts. */
  #blank = new Uint8Array(0);
  readonly #findSubscription;
  readonly #findReceived;
  readonly #findDelivery;
  readonly #findInflight;
  readonly #findRetained;
  readonly #findWill;
  #lines = 0;
  #ended = false;

  /** Writes into this database, in transactions of its own until {@linkcode Importer.finish}. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#tables = prepareTables(database);
    const prepare = (statement: string) => database.prepare(statement);
    this.#findSubscription = prepare(
      "SELECT 1 FROM subscription WHERE owner = ? AND filter = ?",
    );
    this.#findReceived = prepare("SELECT 1 FROM received WHERE id = ?");
    this.#findDelivery = prepare(
      "SELECT id, terms & 3 AS qos FROM delivery WHERE owner = ? AND number = ?",
    );
    this.#findInflight = prepare("SELECT 1 FROM inflight WHERE delivery = ?");
    this.#findRetained = prepare("SELECT 1 FROM retained WHERE topic = ?");
    this.#findWill = prepare("SELECT 1 FROM will WHERE client_id = ?");
    database.exec("BEGIN");
  }

  /** Takes the next line. Throws an error that says why it cannot stand here. */
  take(line: ExportLine): void {
    if (this.#ended) throw new Error("it stands behind the last line");
    if (this.#lines === 0 && line.type !== "header") {
      throw new Error("it is no header, with which an export begins");
    }
    this.#write(line);
    if (++this.#lines % LINES === 0) this.#database.exec("COMMIT; BEGIN");
  }

  /** All lines were taken: closes the store as a broker does that ends. Throws an error if the last one was missing. */
  finish(): void {
    if (!this.#ended) throw new Error("the last line is missing");
    const rows = countRows(this.#database);
    this.#tables.meta.save("closing", { batch: 0, rows });
    this.#database.exec("COMMIT");
  }

  #write(line: ExportLine): void {
    switch (line.type) {
      case "header":
        return this.#header(line);
      case "session":
        return this.#session(line);
      case "subscription":
        return this.#subscription(line);
      case "received":
        return this.#received(line);
      case "delivery":
        return this.#delivery(line);
      case "assignment":
        return this.#assignment(line);
      case "retained":
        return this.#retained(line);
      case "will":
        return this.#will(line);
      case "end":
        return this.#end(line);
    }
  }

  #header({ clock }: Line<"header">): void {
    if (this.#lines > 0) throw new Error("it is a second header");
    if (clock !== undefined) this.#tables.meta.save("clock", clock);
  }

  #session({ client, expiryInterval, endedAt, user }: Line<"session">): void {
    if (this.#sessions.has(client)) throw twice("this session");
    this.#sessions.add(client);
    this.#tables.sessions.saveSession(this.#tables.owners.intern(client), {
      clientId: client,
      expiryInterval: expiryInterval ?? Infinity,
      endedAt,
      ...(user !== undefined && { user }),
    });
  }

  #subscription({ client, filter, ...options }: Line<"subscription">): void {
    const owner = this.#client(client);
    if (this.#findSubscription.get(owner, filter) !== undefined) {
      throw twice("this subscription");
    }
    this.#tables.sessions.saveSubscription(owner, {
      filter,
      ...options,
      qos: options.qos as QoS,
      retainHandling: options.retainHandling as 0 | 1 | 2,
    });
  }

  #received({ client, packetId }: Line<"received">): void {
    const owner = this.#client(client);
    const id = owner * PACKET_IDENTIFIERS + packetId;
    if (this.#findReceived.get(id) !== undefined) {
      throw twice("this packet identifier");
    }
    this.#tables.sessions.saveReceived(owner, packetId);
  }

  #delivery({ owner: name, ...delivery }: Line<"delivery">): void {
    const owner = this.#owner(name);
    if (this.#findDelivery.get(owner, delivery.number) !== undefined) {
      throw twice("a delivery of this owner and number");
    }
    const message = this.#message(delivery.message);
    this.#tables.deliveries.insert(
      owner,
      { ...delivery, qos: delivery.qos as QoS, message },
      undefined,
    );
    if (typeof delivery.message === "object" && message.shared) {
      this.#shared.push({ row: message.row, length: message.bytes.length });
    }
  }

  #assignment(line: Line<"assignment">): void {
    const { owner: name, number, packetId, released } = line;
    const client = this.#client(line.client);
    const owner = this.#owner(name);
    const delivery = this.#findDelivery.get(owner, number);
    if (delivery === undefined) {
      throw new Error(
        "there is no delivery of this owner and number before it",
      );
    }
    if (!isSharedGroup(name) && owner !== client) {
      throw new Error("what is owed to a client goes to no other");
    }
    if (released && delivery.qos !== 2) {
      throw new Error("only a delivery at QoS 2 is released");
    }
    const key = `${line.client}\n${packetId}`;
    if (
      this.#packetIds.has(key) ||
      this.#findInflight.get(Number(delivery.id)) !== undefined
    ) throw twice("this packet identifier or delivery");
    this.#packetIds.add(key);
    const position = this.#tables.deliveries.nextPosition++;
    const assignment = { client, packetId, released, position };
    this.#tables.deliveries.assign(owner, number, assignment);
  }

  #retained({ message }: Line<"retained">): void {
    const { topic } = message;
    if (this.#findRetained.get(topic) !== undefined) {
      throw twice("a retained message of this topic");
    }
    this.#tables.retained.retain(topic, this.#single(message));
  }

  #will({ client, delayInterval, ...will }: Line<"will">): void {
    if (this.#findWill.get(client) !== undefined) throw twice("this will");
    this.#tables.sessions.saveWill(client, {
      delayInterval,
      expiryInterval: will.expiryInterval ?? -1,
      message: this.#single(will.message),
      ...(will.user !== undefined && { user: will.user }),
    });
  }

  #end({ lines }: Line<"end">): void {
    if (lines !== this.#lines) {
      throw new Error(
        `there should be ${lines} lines before it, and there are ${this.#lines}`,
      );
    }
    this.#ended = true;
  }

  #client(name: string): number {
    if (this.#sessions.has(name)) return this.#tables.owners.intern(name);
    throw new Error(
      `there is no session of client ${JSON.stringify(name)} before it`,
    );
  }

  #owner(name: string): number {
    return isSharedGroup(name)
      ? this.#tables.owners.intern(name)
      : this.#client(name);
  }

  /** A message of a delivery. The tables give one a row of its own where more than one use it. */
  #message(message: MessageObject | number): StoredBody {
    if (typeof message === "object") {
      const body = this.#stored(message);
      if (message.id === undefined) return body;
      if (message.id !== this.#shared.length + 1) {
        throw new Error(
          `the next shared message has the "id" ${
            this.#shared.length + 1
          }, not ${message.id}`,
        );
      }
      body.uses = 2;
      return body;
    }
    const known = this.#shared[message - 1];
    if (known === undefined) {
      throw new Error(`there is no message with the "id" ${message} before it`);
    }
    const { row, length } = known;
    if (this.#blank.length < length) this.#blank = new Uint8Array(length);
    const body = new StoredBody(this.#blank.subarray(0, length), true);
    body.uses = 2;
    body.row = row;
    return body;
  }

  #single(message: MessageObject): StoredBody {
    if (message.id === undefined) return this.#stored(message);
    throw new Error('only messages of deliveries have an "id"');
  }

  #stored(object: MessageObject): StoredBody {
    const { topic, qos, retain, publisher, properties, payload } = object;
    const message = Message.of({
      topic: { text: topic, bytes: encoder.encode(topic) },
      qos: qos as QoS,
      retain,
      publisher,
      payload: payload === undefined
        ? Uint8Array.fromBase64(object.payloadBase64!)
        : encoder.encode(payload),
      properties: properties === undefined
        ? NOTHING
        : Uint8Array.fromBase64(properties),
      expiresAt: object.expiresAt ?? Infinity,
    });
    this.#body.clear();
    this.#bodies.append(this.#body, message);
    const from = new EncodingReader(this.#body.bytes, 0, this.#body.length);
    const length = from.number();
    return new StoredBody(
      from.bytes.slice(from.at, from.at + length),
      object.id !== undefined,
    );
  }
}

function twice(what: string): Error {
  return new Error(`${what} is there already`);
}
