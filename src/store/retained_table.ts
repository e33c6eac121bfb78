import type { DatabaseSync } from "node:sqlite";
import { bytesChecksum, rowChecksum } from "./checksum.ts";
import type { StoredBody } from "./message_body.ts";

/** The checksum of a row of `retained`. */
export function retainedChecksum(topic: string, body: Uint8Array): number {
  return bytesChecksum(body, rowChecksum(topic));
}

/** The table of the retained messages. */
export class RetainedTable {
  readonly #save;
  readonly #remove;

  /** Prepares what it needs of this database. */
  constructor(database: DatabaseSync) {
    this.#save = database.prepare(
      `INSERT INTO retained (topic, body, checksum) VALUES (?, ?, ?)
       ON CONFLICT (topic) DO UPDATE SET
       body = excluded.body, checksum = excluded.checksum`,
    );
    this.#remove = database.prepare("DELETE FROM retained WHERE topic = ?");
  }

  /** Keeps the retained message of a topic, or removes it. */
  retain(topic: string, body: StoredBody | undefined): void {
    if (body === undefined) this.#remove.run(topic);
    else {
      const { bytes } = body;
      this.#save.run(topic, bytes, retainedChecksum(topic, bytes));
    }
  }
}
