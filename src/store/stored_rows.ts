import type { DatabaseSync } from "node:sqlite";
import { describeError } from "../core/errors.ts";
import {
  deliveryChecksum,
  inflightChecksum,
  mixChecksum,
  rowChecksum,
} from "./checksum.ts";
import type { DamagedTable } from "./damage.ts";
import { unpackIdentifiers } from "./delivery_rows.ts";
import { messageChecksum } from "./delivery_tables.ts";
import type { JournalSink } from "./journal.ts";
import {
  unpackQos,
  unpackRetain,
  unpackSubscription,
} from "./journal_reader.ts";
import { StoredBody } from "./message_body.ts";
import { isDatabaseError } from "./open_for_reading.ts";
import { retainedChecksum } from "./retained_table.ts";
import { prepareRows, readRows, type Row } from "./row_pages.ts";
import { PACKET_IDENTIFIERS, willChecksum } from "./session_tables.ts";
import { isSharedGroup, NO_IDENTIFIERS, type StoreReader } from "./store.ts";

/** A row that is not to be trusted. */
export interface RowProblem {
  /** Its table. */
  readonly table: DamagedTable;
  /** Its rowid; `undefined` where the table cannot be read from there on. */
  readonly row: number | undefined;
  /** What is wrong with it: lower case, no full stop. */
  readonly problem: string;
}

/** Takes what the rows say; see {@linkcode StoreReader}. Of what is owed it is told all. */
export type RowSink = Pick<
  JournalSink<StoredBody>,
  Exclude<keyof StoreReader, "backlog">
>;

/** What {@linkcode readStoredRows} needs. */
export interface StoredRowsOptions {
  /** Where the rows are, in a transaction of its own. */
  readonly database: DatabaseSync;
  /** Is told what is sound. The first delivery of a shared message has its bytes; `row` numbers these from 1. */
  readonly sink: RowSink;
  /** Is told what is not. */
  readonly problem: (problem: RowProblem) => void;
}

const CHECKSUM = "its checksum is wrong";
const NO_OWNER = "what it belongs to is missing or damaged";
const NOTHING = new Uint8Array(0);

/** A row's table, columns, and what is done with it; that returns what is wrong with the row, if anything. */
interface Table {
  readonly table: DamagedTable;
  readonly columns: readonly string[];
  readonly tell: (row: Row) => string | undefined;
}

/**
 * Reads all rows of a store one by one, with a `yield` behind each, and looks at their checksums and at what they
 * refer to. Needs memory for the names of owners and for shared messages' numbers, not for what is in them.
 */
export function readStoredRows(options: StoredRowsOptions): Generator<void> {
  return new StoredRows(options).rows();
}

class StoredRows {
  readonly #database: DatabaseSync;
  readonly #sink: RowSink;
  readonly #problem: (problem: RowProblem) => void;
  readonly #names = new Map<number, string>();
  /** Names of clients with a session. */
  readonly #clients = new Map<number, string>();
  readonly #selectMessage;
  /** Shared messages by their rowid; `undefined` for those that are not sound. */
  readonly #messages = new Map<number, StoredBody | undefined>();
  #shared = 0;
  /** Owners that are gone, whose deliveries are being removed. */
  readonly #gone: ReadonlySet<number>;
  /** Rowids of deliveries that were not told. */
  readonly #untold = new Set<number>();

  constructor({ database, sink, problem }: StoredRowsOptions) {
    this.#database = database;
    this.#sink = sink;
    this.#problem = problem;
    const gone = database.prepare("SELECT owner FROM purge").all();
    this.#gone = new Set(gone.map(({ owner }) => Number(owner)));
    this.#selectMessage = database.prepare(
      "SELECT body, checksum FROM message WHERE id = ?",
    );
  }

  *rows(): Generator<void> {
    for (const table of this.#tables()) {
      yield* this.#guarded(table.table, this.#each(table));
    }
    yield* this.#guarded("inflight", this.#inflight());
    yield* this.#guarded("message", this.#unreferenced());
  }

  #tables(): Table[] {
    const table = (
      table: DamagedTable,
      columns: readonly string[],
      tell: (row: Row) => string | undefined,
    ) => ({ table, columns, tell: tell.bind(this) });
    return [
      table("owner", ["id", "name", "checksum"], this.#owner),
      table(
        "session",
        ["owner", "expiry_interval", "ended_at", "checksum"],
        this.#session,
      ),
      table(
        "subscription",
        ["id", "owner", "filter", "options", "identifier", "checksum"],
        this.#subscription,
      ),
      table("received", ["id", "checksum"], this.#received),
      table("delivery", [
        "id",
        "owner",
        "number",
        "terms",
        "identifiers",
        "message",
        "checksum",
        "body",
      ], this.#delivery),
      table("retained", ["id", "topic", "checksum", "body"], this.#retained),
      table("will", [
        "id",
        "client_id",
        "delay_interval",
        "expiry_interval",
        "checksum",
        "body",
      ], this.#will),
    ];
  }

  *#each({ table, columns, tell }: Table): Generator<void> {
    for (const row of readRows(this.#database, { table, columns })) {
      const problem = tell(row);
      if (problem !== undefined) {
        if (table === "delivery") this.#untold.add(Number(row[0]));
        this.#problem({ table, row: Number(row[0]), problem });
      }
      yield;
    }
  }

  /** A table of which a page is damaged may not be readable to its end. */
  *#guarded(table: DamagedTable, rows: Generator<void>): Generator<void> {
    try {
      yield* rows;
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      const problem = `it cannot be read to its end: ${describeError(error)}`;
      this.#problem({ table, row: undefined, problem });
    }
  }

  #owner([id, name, checksum]: Row): string | undefined {
    if (checksum !== rowChecksum(Number(id), String(name))) return CHECKSUM;
    this.#names.set(Number(id), String(name));
    return undefined;
  }

  #session([owner, expiryInterval, endedAt, checksum]: Row) {
    const clientId = this.#names.get(Number(owner));
    if (clientId === undefined) return NO_OWNER;
    const expected = rowChecksum(
      Number(owner),
      clientId,
      expiryInterval as number | null,
      endedAt as number | null,
    );
    if (checksum !== expected) return CHECKSUM;
    this.#clients.set(Number(owner), clientId);
    this.#sink.saveSession({
      clientId,
      expiryInterval: expiryInterval === null
        ? Infinity
        : Number(expiryInterval),
      endedAt: endedAt === null ? undefined : Number(endedAt),
    });
    return undefined;
  }

  #subscription([_id, owner, filter, options, identifier, checksum]: Row) {
    const expected = rowChecksum(
      Number(owner),
      String(filter),
      Number(options),
      Number(identifier),
    );
    if (checksum !== expected) return CHECKSUM;
    const clientId = this.#clients.get(Number(owner));
    if (clientId === undefined) return NO_OWNER;
    this.#sink.saveSubscription(
      clientId,
      unpackSubscription(String(filter), Number(options), Number(identifier)),
    );
    return undefined;
  }

  #received([id, checksum]: Row): string | undefined {
    if (checksum !== mixChecksum(0, Number(id))) return CHECKSUM;
    const packetId = Number(id) % PACKET_IDENTIFIERS;
    const owner = (Number(id) - packetId) / PACKET_IDENTIFIERS;
    const clientId = this.#clients.get(owner);
    if (clientId === undefined) return NO_OWNER;
    this.#sink.saveReceived(clientId, packetId);
    return undefined;
  }

  #delivery(row: Row): string | undefined {
    const [_id, owner, number, terms, identifiers, shared, checksum, body] =
      row as [
        number,
        number,
        number,
        number,
        Uint8Array | null,
        number | null,
        number,
        Uint8Array | null,
      ];
    if (this.#gone.has(owner)) return undefined;
    if (!isBytesOrNull(identifiers) || !isBytesOrNull(body)) return CHECKSUM;
    const expected = deliveryChecksum(
      owner,
      number,
      terms,
      identifiers,
      shared,
      body,
    );
    if (checksum !== expected) return CHECKSUM;
    const name = this.#ownerName(owner);
    if (name === undefined) return NO_OWNER;
    const message = body === null
      ? this.#message(shared)
      : new StoredBody(body, false);
    if (message === undefined) return "its message is missing or damaged";
    this.#sink.enqueue(name, {
      number,
      qos: unpackQos(terms),
      retain: unpackRetain(terms),
      identifiers: identifiers === null
        ? NO_IDENTIFIERS
        : unpackIdentifiers(identifiers),
      message,
    });
    message.bytes = NOTHING;
    return undefined;
  }

  #message(id: number | null): StoredBody | undefined {
    if (id === null || this.#messages.has(id)) return this.#messages.get(id!);
    const row = this.#selectMessage.get(id);
    let message: StoredBody | undefined;
    if (row !== undefined) {
      const { body, checksum } = row;
      if (
        body instanceof Uint8Array && checksum === messageChecksum(id, body)
      ) {
        message = new StoredBody(body, true);
        message.row = ++this.#shared;
      } else this.#problem({ table: "message", row: id, problem: CHECKSUM });
    }
    this.#messages.set(id, message);
    return message;
  }

  *#inflight(): Generator<void> {
    const rows = prepareRows(
      this.#database,
      `SELECT inflight.delivery, client, packet_id, released, position,
       inflight.checksum, owner, number
       FROM inflight LEFT JOIN delivery ON delivery.id = inflight.delivery
       ORDER BY position`,
    );
    for (const row of rows.iterate()) {
      const problem = this.#assignment(row);
      if (problem !== undefined) {
        this.#problem({ table: "inflight", row: Number(row[0]), problem });
      }
      yield;
    }
  }

  #assignment(row: Row): string | undefined {
    const [delivery, clientId, packetId, released, position, checksum] = row
      .map(Number) as [number, number, number, number, number, number];
    const [owner, number] = row.slice(6);
    if (this.#gone.has(Number(owner))) return undefined;
    const expected = inflightChecksum(
      delivery,
      clientId,
      packetId,
      released !== 0,
      position,
    );
    if (checksum !== expected) return CHECKSUM;
    if (owner === null) return "its delivery is missing";
    if (this.#untold.has(delivery)) return "its delivery is damaged";
    const client = this.#clients.get(clientId);
    const ownerName = this.#ownerName(Number(owner));
    if (client === undefined || ownerName === undefined) return NO_OWNER;
    this.#sink.assign(ownerName, Number(number), client, packetId);
    if (released !== 0) this.#sink.release(client, packetId);
    return undefined;
  }

  *#unreferenced(): Generator<void> {
    const rows = prepareRows(
      this.#database,
      `SELECT id FROM message WHERE NOT EXISTS
       (SELECT 1 FROM delivery WHERE delivery.message = message.id)`,
    );
    for (const [id] of rows.iterate()) {
      const problem = "no delivery refers to it";
      this.#problem({ table: "message", row: Number(id), problem });
      yield;
    }
  }

  #retained([_id, topic, checksum, body]: Row): string | undefined {
    if (!(body instanceof Uint8Array)) return CHECKSUM;
    if (checksum !== retainedChecksum(String(topic), body)) return CHECKSUM;
    this.#sink.retain(String(topic), new StoredBody(body, false));
    return undefined;
  }

  #will([_id, clientId, delay, expiry, checksum, body]: Row) {
    if (!(body instanceof Uint8Array)) return CHECKSUM;
    const delayInterval = Number(delay);
    const expiryInterval = Number(expiry);
    const name = String(clientId);
    if (checksum !== willChecksum(name, delayInterval, expiryInterval, body)) {
      return CHECKSUM;
    }
    const message = new StoredBody(body, false);
    this.#sink.saveWill(name, { delayInterval, expiryInterval, message });
    return undefined;
  }

  #ownerName(id: number): string | undefined {
    const client = this.#clients.get(id);
    if (client !== undefined) return client;
    const name = this.#names.get(id);
    return name !== undefined && isSharedGroup(name) ? name : undefined;
  }
}

/** Whether a value is of the kind that the column is to hold. */
function isBytesOrNull(value: unknown): boolean {
  return value === null || value instanceof Uint8Array;
}
