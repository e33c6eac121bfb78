import type { DatabaseSync } from "node:sqlite";
import type { Damage } from "./damage.ts";
import { DELIVERY_COLUMNS, DeliveryRows } from "./delivery_rows.ts";
import { JournalWriter } from "../journal/writer.ts";
import { MESSAGE_OVERHEAD } from "../message.ts";
import { STORED_BODIES } from "../journal/message_body.ts";
import type { OwnerTable } from "./owners.ts";
import { prepareRows } from "../database/row_pages.ts";
import type { BacklogQuery, StoredBacklog } from "../store.ts";

/** Rows in a page at most. */
const MOST_ROWS = 1000;

/** Sizes read for the first page; for another one as many as the page before had rows, and some more. */
const FIRST_ROWS = 100;

/** Delivery rows that went to nobody. */
const UNASSIGNED =
  "NOT EXISTS (SELECT 1 FROM inflight WHERE delivery = delivery.id)";

/** A part of a backlog, as the Store's thread hands it over. */
export interface BacklogPiece {
  /** A journal of its deliveries. */
  readonly journal: Uint8Array<ArrayBuffer>;
  /** The number after which to go on. */
  readonly last: number;
  /** Whether nothing more was committed. */
  readonly end: boolean;
}

/** Counts backlogs and reads them page by page. */
export class BacklogReader {
  readonly #database: DatabaseSync;
  readonly #owners: OwnerTable;
  readonly #selectSizes;
  readonly #selectRows;
  #likelyRows = FIRST_ROWS;

  /** Reads this database. */
  constructor(database: DatabaseSync, owners: OwnerTable) {
    this.#database = database;
    this.#owners = owners;
    const range = `FROM delivery WHERE owner = ? AND number > ?
       AND number <= ? AND ${UNASSIGNED} ORDER BY number`;
    this.#selectSizes = prepareRows(
      database,
      `SELECT number, size ${range} LIMIT ?`,
    );
    this.#selectRows = prepareRows(
      database,
      `SELECT ${DELIVERY_COLUMNS} ${range}`,
    );
  }

  /** What each owner is owed that went to nobody; read from the index alone but for what went to somebody. */
  *backlogs(): Generator<[string, StoredBacklog]> {
    const rows = prepareRows(
      this.#database,
      `SELECT name, messages, bytes, first, last FROM
       (SELECT owner, count(*) AS messages, sum(size) AS bytes,
        min(number) AS first, max(number) AS last
        FROM delivery GROUP BY owner)
       JOIN owner ON owner.id = owner`,
    );
    const assigned = new Map(
      prepareRows(
        this.#database,
        `SELECT name, count(*), sum(size) FROM inflight
         JOIN delivery ON delivery.id = inflight.delivery
         JOIN owner ON owner.id = delivery.owner GROUP BY name`,
      ).all().map(([name, messages, bytes]) => [
        String(name),
        [Number(messages), Number(bytes)] as const,
      ]),
    );
    for (const [name, messages, bytes, first, last] of rows.iterate()) {
      const owner = String(name);
      const [taken, takenBytes] = assigned.get(owner) ?? [0, 0];
      const count = Number(messages) - taken;
      if (count === 0) continue;
      yield [owner, {
        messages: count,
        bytes: Number(bytes) - takenBytes + count * MESSAGE_OVERHEAD,
        first: Number(first),
        last: Number(last),
      }];
    }
  }

  /** Reads a part of a backlog. Rows that are damaged are noted in `damage`, and not told. */
  read(
    { owner, after, last, bytes }: BacklogQuery,
    damage: Damage,
  ): BacklogPiece {
    const journal = new JournalWriter(STORED_BODIES);
    const id = this.#owners.find(owner);
    if (id === undefined) {
      return { journal: journal.take(), last: after, end: true };
    }
    const most = Math.min(this.#likelyRows, MOST_ROWS);
    const sizes = this.#selectSizes.all(id, after, last, most);
    let size = 0;
    let rows = 0;
    for (; rows < sizes.length; rows++) {
      size += Number(sizes[rows]![1]) + MESSAGE_OVERHEAD;
      if (size > bytes && rows > 0) break;
    }
    this.#likelyRows = rows === most ? 2 * most : FIRST_ROWS + rows;
    const to = rows === 0 ? after : Number(sizes[rows - 1]![0]);
    const deliveries = new DeliveryRows(
      this.#database,
      (message) => damage.add("message", message),
    );
    for (const row of this.#selectRows.all(id, after, to)) {
      const delivery = deliveries.decode(row);
      if (typeof delivery === "string") damage.add("delivery", Number(row[0]));
      else journal.enqueue(owner, delivery);
    }
    const end = rows === sizes.length && rows < most;
    return { journal: journal.take(), last: to, end };
  }
}
