import type { DatabaseSync } from "node:sqlite";
import { rowChecksum } from "../database/checksum.ts";
import { PACKET_IDENTIFIERS } from "./sessions.ts";

/** Names remembered with their numbers; beyond that the memory begins anew. */
const REMEMBERED = 10_000;

/** Numbers for clients and shared groups, so that their names are not in each row. */
export class OwnerTable {
  readonly #ids = new Map<string, number>();
  readonly #select;
  readonly #insert;
  readonly #delete;
  #next: number;

  /** Prepares what it needs of this database. */
  constructor(database: DatabaseSync) {
    this.#select = database.prepare("SELECT id FROM owner WHERE name = ?");
    this.#insert = database.prepare("INSERT INTO owner VALUES (?, ?, ?)");
    this.#delete = database.prepare("DELETE FROM owner WHERE id = ?");
    // A name may have been lost, and what belongs to it still be there: that is to be nobody else's.
    const last = database.prepare(
      `SELECT max(id) AS id FROM
       (SELECT max(id) AS id FROM owner UNION SELECT max(owner) FROM purge
        UNION SELECT max(owner) FROM session
        UNION SELECT max(owner) FROM subscription
        UNION SELECT max(owner) FROM delivery
        UNION SELECT max(client) FROM inflight
        UNION SELECT max(id) / ${PACKET_IDENTIFIERS} FROM received)`,
    ).get();
    this.#next = Number(last?.id ?? 0) + 1;
  }

  /** The number of a name, if it has one. */
  find(name: string): number | undefined {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const row = this.#select.get(name);
    return row === undefined ? undefined : this.#remember(name, Number(row.id));
  }

  /** The number of a name; makes one where it has none. */
  intern(name: string): number {
    const known = this.find(name);
    if (known !== undefined) return known;
    const id = this.#next++;
    this.#insert.run(id, name, rowChecksum(id, name));
    return this.#remember(name, id);
  }

  /** Forgets a name: no row refers to it. */
  remove(name: string, id: number): void {
    this.#delete.run(id);
    this.#ids.delete(name);
  }

  #remember(name: string, id: number): number {
    if (this.#ids.size >= REMEMBERED) this.#ids.clear();
    this.#ids.set(name, id);
    return id;
  }
}
