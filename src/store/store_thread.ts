import type { DatabaseSync } from "node:sqlite";
import { type BacklogPiece, BacklogReader } from "./backlog_reader.ts";
import { Damage } from "./damage.ts";
import {
  checkpoint,
  countRows,
  inTransaction,
  openDatabase,
} from "./database.ts";
import { Held } from "./held.ts";
import { JournalReader } from "./journal_reader.ts";
import { STORED_BODIES } from "./message_body.ts";
import { NetWrites } from "./net_writes.ts";
import { resumedTime } from "./service_time.ts";
import { prepareTables, type Tables } from "./tables.ts";
import type { BacklogQuery, StoredBacklog } from "./store.ts";
import type { StoreOpening } from "./worker_messages.ts";

/** Milliseconds of the broker's clock after which a commit notes it again. */
const CLOCK_EVERY = 1000;

/** The Store's side of the thread boundary: a database that is told what is new, one batch after the other. */
export class StoreThread {
  /** Where the broker's clock goes on. */
  readonly resumed: number;
  readonly #database: DatabaseSync;
  readonly #fresh: boolean;
  readonly #tables: Tables;
  readonly #damage = new Damage();
  readonly #held: Held;
  readonly #pieces: Generator<Uint8Array<ArrayBuffer>>;
  readonly #backlogs: BacklogReader;
  #clockNoted = -Infinity;

  /** Opens the database in this file; `wall` is what the machine's clock says. */
  constructor(path: string, wall: number) {
    const { database, fresh } = openDatabase(path);
    this.#database = database;
    this.#fresh = fresh;
    this.#tables = prepareTables(database);
    this.resumed = resumedTime(this.#tables.meta.get("clock"), wall);
    this.#held = new Held(database, this.#damage, this.#tables.purge);
    this.#pieces = this.#held.pieces();
    this.#backlogs = new BacklogReader(database, this.#tables.owners);
  }

  /** The next piece of the journal that tells what it holds; `undefined` behind the last one. */
  more(): Uint8Array<ArrayBuffer> | undefined {
    const { value, done } = this.#pieces.next();
    return done ? undefined : value;
  }

  /** All pieces are taken: sets aside what is damaged, and takes back that the end was clean. */
  begin(): StoreOpening {
    const { meta } = this.#tables;
    const closing = meta.get("closing");
    inTransaction(this.#database, () => {
      this.#damage.setAside(this.#database, this.resumed);
      this.#database.exec(
        `DELETE FROM owner WHERE substr(name, 1, 7) = '$share/'
         AND NOT EXISTS (SELECT 1 FROM session WHERE session.owner = id)
         AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.owner = owner.id)`,
      );
      meta.remove("closing");
      this.#noteClock(this.resumed);
    });
    return {
      fresh: this.#fresh,
      unclean: !this.#fresh && closing === undefined,
      rows: {
        ...this.#held.told,
        delivery: countRows(this.#database).delivery,
      },
      expected: closing?.rows,
      damagedRows: this.#damage.count,
    };
  }

  /** What each owner is owed that went to nobody. To be called after {@linkcode StoreThread.begin}. */
  backlogs(): [string, StoredBacklog][] {
    return [...this.#backlogs.backlogs()];
  }

  /** Reads a part of a backlog; what is damaged in it is set aside, and counted. */
  read(query: BacklogQuery): BacklogPiece & { readonly damagedRows: number } {
    const damage = new Damage();
    const piece = this.#backlogs.read(query, damage);
    if (damage.count > 0) {
      inTransaction(
        this.#database,
        () => damage.setAside(this.#database, Date.now()),
      );
    }
    return { ...piece, damagedRows: damage.count };
  }

  /** Commits the writes in this journal. */
  commit(journal: Uint8Array, now: number): void {
    inTransaction(this.#database, () => {
      const writes = new NetWrites(this.#tables);
      new JournalReader(STORED_BODIES).read(journal, writes);
      writes.finish();
      if (now - this.#clockNoted >= CLOCK_EVERY) this.#noteClock(now);
    });
  }

  /** Whether there is something to remove little by little. */
  get purging(): boolean {
    return !this.#tables.purge.empty;
  }

  /** Removes some of what nobody waits for any more. It need not survive a power cut: it is not waited for. */
  purge(): void {
    this.#database.exec("PRAGMA synchronous = NORMAL");
    inTransaction(this.#database, () => this.#tables.purge.goOn());
    this.#database.exec("PRAGMA synchronous = FULL");
  }

  /** Notes that the end is clean, and ends. */
  close(batch: number, now: number): void {
    inTransaction(this.#database, () => {
      this.#noteClock(now);
      const rows = countRows(this.#database);
      this.#tables.meta.save("closing", { batch, rows });
    });
    checkpoint(this.#database);
    this.#database.close();
  }

  #noteClock(now: number): void {
    this.#clockNoted = now;
    this.#tables.meta.save("clock", { service: now, wall: Date.now() });
  }
}
