import type { DatabaseSync } from "node:sqlite";
import { mixChecksum, rowChecksum } from "./checksum.ts";
import type { Damage } from "./damage.ts";
import { HeldDeliveries } from "./held_deliveries.ts";
import { unpackSubscription } from "./journal_reader.ts";
import { JournalWriter } from "./journal_writer.ts";
import { STORED_BODIES, StoredBody } from "./message_body.ts";
import type { Purge } from "./purge.ts";
import { retainedChecksum } from "./retained_table.ts";
import { readRows, type Row } from "./row_pages.ts";
import type { RowCounts } from "./schema.ts";
import { PACKET_IDENTIFIERS, willChecksum } from "./session_tables.ts";
import { isSharedGroup } from "./store.ts";

/** Pieces are handed over from this size on: a little below that of the buffer behind them, which doubles. */
const PIECE = 1024 * 1024 - 16 * 1024;

/**
 * Reads what a database holds but for backlogs, in the order that `Store.open` promises, as one journal in pieces of
 * about 1 MiB. Rows whose checksum is wrong, and what belongs to them, are not told but noted.
 */
export class Held {
  /** Rows told, by table. */
  readonly told: Omit<RowCounts, "delivery"> = {
    session: 0,
    subscription: 0,
    retained: 0,
    will: 0,
  };
  readonly #database: DatabaseSync;
  readonly #damage: Damage;
  readonly #purge: Purge;
  readonly #journal = new JournalWriter(STORED_BODIES);
  readonly #names = new Map<number, string>();
  /** Names of clients whose sessions were told. */
  readonly #clients = new Map<number, string>();

  /** Reads this database, and notes damage there. */
  constructor(database: DatabaseSync, damage: Damage, purge: Purge) {
    this.#database = database;
    this.#purge = purge;
    this.#damage = damage;
  }

  /** What it holds. Nothing may be written until the last piece is taken. */
  *pieces(): Generator<Uint8Array<ArrayBuffer>> {
    for (const _row of this.#rows()) {
      if (this.#journal.length >= PIECE) yield this.#journal.take();
    }
    if (this.#journal.length > 0) yield this.#journal.take();
  }

  *#rows(): Generator<void> {
    yield* this.#each("owner", ["id", "name", "checksum"], this.#owner);
    yield* this.#each(
      "session",
      ["owner", "expiry_interval", "ended_at", "checksum"],
      this.#session,
    );
    yield* this.#each(
      "subscription",
      ["id", "owner", "filter", "options", "identifier", "checksum"],
      this.#subscription,
    );
    yield* this.#each("received", ["id", "checksum"], this.#received);
    const deliveries = new HeldDeliveries({
      database: this.#database,
      damage: this.#damage,
      purge: this.#purge,
      journal: this.#journal,
      owner: (id) => this.#ownerName(id),
      client: (id) => this.#clients.get(id),
    });
    yield* deliveries.rows();
    yield* this.#each(
      "retained",
      ["id", "topic", "checksum", "body"],
      this.#retained,
    );
    yield* this.#each(
      "will",
      [
        "id",
        "client_id",
        "delay_interval",
        "expiry_interval",
        "checksum",
        "body",
      ],
      this.#will,
    );
  }

  /** Tells the rows of a table; `tell` says whether a row is to be trusted. */
  *#each(
    table:
      | "owner"
      | "session"
      | "subscription"
      | "received"
      | "retained"
      | "will",
    columns: readonly string[],
    tell: (row: Row) => boolean,
  ): Generator<void> {
    for (const row of readRows(this.#database, { table, columns })) {
      if (!tell.call(this, row)) this.#damage.add(table, Number(row[0]));
      else if (table in this.told) this.told[table as keyof typeof this.told]++;
      yield;
    }
  }

  #owner([id, name, checksum]: Row): boolean {
    if (checksum !== rowChecksum(Number(id), String(name))) return false;
    this.#names.set(Number(id), String(name));
    return true;
  }

  #session([owner, expiryInterval, endedAt, checksum]: Row): boolean {
    const clientId = this.#names.get(Number(owner));
    if (clientId === undefined) return false;
    const expected = rowChecksum(
      Number(owner),
      clientId,
      expiryInterval as number | null,
      endedAt as number | null,
    );
    if (checksum !== expected) return false;
    this.#clients.set(Number(owner), clientId);
    this.#journal.saveSession({
      clientId,
      expiryInterval: expiryInterval === null
        ? Infinity
        : Number(expiryInterval),
      endedAt: endedAt === null ? undefined : Number(endedAt),
    });
    return true;
  }

  #subscription([_id, owner, filter, options, identifier, checksum]: Row) {
    const clientId = this.#clients.get(Number(owner));
    if (clientId === undefined) return false;
    const expected = rowChecksum(
      Number(owner),
      String(filter),
      Number(options),
      Number(identifier),
    );
    if (checksum !== expected) return false;
    this.#journal.saveSubscription(
      clientId,
      unpackSubscription(String(filter), Number(options), Number(identifier)),
    );
    return true;
  }

  #received([id, checksum]: Row): boolean {
    const packetId = Number(id) % PACKET_IDENTIFIERS;
    const owner = (Number(id) - packetId) / PACKET_IDENTIFIERS;
    const clientId = this.#clients.get(owner);
    if (clientId === undefined) return false;
    if (checksum !== mixChecksum(0, Number(id))) return false;
    this.#journal.saveReceived(clientId, packetId);
    return true;
  }

  #retained([_id, topic, checksum, body]: Row): boolean {
    if (!(body instanceof Uint8Array)) return false;
    if (checksum !== retainedChecksum(String(topic), body)) return false;
    this.#journal.retain(String(topic), new StoredBody(body, false));
    return true;
  }

  #will([_id, clientId, delay, expiry, checksum, body]: Row): boolean {
    if (!(body instanceof Uint8Array)) return false;
    const expected = willChecksum(
      String(clientId),
      Number(delay),
      Number(expiry),
      body,
    );
    if (checksum !== expected) return false;
    this.#journal.saveWill(String(clientId), {
      delayInterval: Number(delay),
      expiryInterval: Number(expiry),
      message: new StoredBody(body, false),
    });
    return true;
  }

  #ownerName(id: number): string | undefined {
    const client = this.#clients.get(id);
    if (client !== undefined) return client;
    const name = this.#names.get(id);
    return name !== undefined && isSharedGroup(name) ? name : undefined;
  }
}
