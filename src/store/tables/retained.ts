import type { DatabaseSync } from "node:sqlite";
import { bytesChecksum, rowChecksum } from "../database/checksum.ts";
import type { Damage } from "./damage.ts";
import { StoredBody } from "../journal/message_body.ts";
import { prepareRows } from "../database/row_pages.ts";

/** The checksum of a row of `retained`. */
export function retainedChecksum(topic: string, body: Uint8Array): number {
  return bytesChecksum(body, rowChecksum(topic));
}

/** The table of the retained messages. */
export class RetainedTable {
  readonly #save;
  readonly #remove;
  readonly #select;

  /** Prepares what it needs of this database. */
  constructor(database: DatabaseSync) {
    this.#save = database.prepare(
      `INSERT INTO retained (topic, body, checksum) VALUES (?, ?, ?)
       ON CONFLICT (topic) DO UPDATE SET
       body = excluded.body, checksum = excluded.checksum`,
    );
    this.#remove = database.prepare("DELETE FROM retained WHERE topic = ?");
    this.#select = prepareRows(
      database,
      "SELECT id, checksum, body FROM retained WHERE topic = ?",
    );
  }

  /** Keeps the retained message of a topic, or removes it. */
  retain(topic: string, body: StoredBody | undefined): void {
    if (body === undefined) this.#remove.run(topic);
    else {
      const { bytes } = body;
      this.#save.run(topic, bytes, retainedChecksum(topic, bytes));
    }
  }

  /** The retained message of a topic, if it has one. A row that is damaged is noted in `damage`, and not told. */
  read(topic: string, damage: Damage): StoredBody | undefined {
    const [row] = this.#select.all(topic);
    if (row === undefined) return undefined;
    const [id, checksum, body] = row;
    if (
      body instanceof Uint8Array && checksum === retainedChecksum(topic, body)
    ) return new StoredBody(body, false);
    damage.add("retained", Number(id));
    return undefined;
  }
}
