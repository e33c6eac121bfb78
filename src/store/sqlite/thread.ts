import type { DatabaseSync } from "node:sqlite";
import { type BacklogPiece, BacklogReader } from "../tables/backlog_reader.ts";
import { Damage } from "../tables/damage.ts";
import {
  checkpoint,
  countRows,
  giveBack,
  openDatabase,
  quickCheck,
} from "../database/database.ts";
import { folderOf, sizeOf } from "../database/file_names.ts";
import { FolderLock } from "../database/folder_lock.ts";
import { Held } from "../tables/held.ts";
import { JournalReader } from "../journal/reader.ts";
import { JournalWriter } from "../journal/writer.ts";
import { EMPTY_METER, metered, type MeterRecord } from "../meter.ts";
import { STORED_BODIES } from "../journal/message_body.ts";
import type { CarriedOver } from "../repair/carry_over.ts";
import {
  ALL_TABLES,
  finishMending,
  mend,
  type Mending,
} from "../repair/mending.ts";
import { remake } from "../repair/remaking.ts";
import { troubleOf } from "./disk_trouble.ts";
import { OpenFiles } from "./open_files.ts";
import type { ClosingRecord } from "../tables/meta.ts";
import { NetWrites } from "../tables/net_writes.ts";
import { LogDoubt } from "./log_doubt.ts";
import { LogLimit } from "./log_limit.ts";
import { ServiceClock } from "./service_clock.ts";
import {
  type Findings,
  openChecked,
  openVerified,
  type VerifiedDatabase,
} from "../repair/verified_database.ts";
import type { BacklogQuery, StoredBacklog } from "../store.ts";
import { prepareTables, type Tables } from "../tables/tables.ts";
import {
  WalIndex,
  type WalState,
  writtenBetween,
} from "../database/wal_index.ts";
import type { RetainedReply, StoreOpening } from "./worker_messages.ts";

/** So often a database is replaced by a fresh one while it is in use: more often, and the disk is to blame. */
const MENDINGS = 3;

/** How a {@linkcode StoreThread} is to open its database. */
export interface StoreThreadOptions {
  /** Up to this size, in bytes, one that was not closed is checked before it is used. */
  readonly checkedFirst?: number;
  /** Whether this process has tried to open it before: closing it then may have taken its log away. */
  readonly again?: boolean;
  /** Told when it was made anew, since its files were removed while they were open. */
  readonly onRemade?: (carried: Readonly<CarriedOver>) => void;
}

/** The Store's side of the thread boundary: a database that is told what is new, one batch after the other. */
export class StoreThread {
  /** Knows where the broker's clock goes on, and what of it is in doubt. */
  readonly clock: ServiceClock;
  readonly #path: string;
  readonly #fresh: boolean;
  readonly #walIndex: WalIndex;
  readonly #files: OpenFiles;
  readonly #onRemade: StoreThreadOptions["onRemade"];
  /** The folder's lock, where its file had to be made anew. */
  #lock: FolderLock | undefined;
  #findings: Findings;
  #database!: DatabaseSync;
  #tables!: Tables;
  /** Whether a commit has failed, after which the tables may remember rows that are not there. */
  #tablesDoubtful = false;
  /** Whether the batch that is to be committed has failed before: it may be in the database all the same. */
  #commitFailed = false;
  readonly #logDoubt: LogDoubt;
  /** What was in the log when it was looked at last. */
  #log!: WalState;
  #meter: MeterRecord;
  #damage!: Damage;
  #held!: Held;
  #pieces!: Generator<Uint8Array<ArrayBuffer>>;
  #backlogs!: BacklogReader;
  #closing: ClosingRecord | undefined;
  /** Tables that are to be checked while it is in use. */
  #unchecked: string[];
  #mendings = 0;
  readonly #logLimit = new LogLimit();

  /**
   * Opens the database in this file; `wall` is what the machine's clock says. If it was not closed and is larger than
   * `checkedFirst` bytes, it is checked while it is in use.
   */
  constructor(path: string, wall: number, options: StoreThreadOptions = {}) {
    const { checkedFirst } = options;
    this.#onRemade = options.onRemade;
    this.#path = path;
    this.#logDoubt = new LogDoubt(path);
    this.#walIndex = new WalIndex(path);
    this.#files = new OpenFiles(path);
    const sound = openVerified(path, wall, checkedFirst);
    const { mending, log, unchecked, removedCopies } = sound;
    this.#fresh = sound.fresh && mending === undefined;
    const isOurs = options.again === true && log?.type === "missing";
    this.#findings = {
      mending,
      log: isOurs ? undefined : log,
      unchecked,
      removedCopies,
    };
    this.#unchecked = unchecked ? [...ALL_TABLES] : [];
    this.#use(sound);
    this.clock = new ServiceClock(this.#tables.meta.get("clock"));
    this.#meter = this.#tables.meta.get("meter") ?? EMPTY_METER;
  }

  /** Whether there are tables to check. */
  get unchecked(): boolean {
    return this.#unchecked.length > 0;
  }

  /**
   * Checks one of the tables that were not checked before.
   *
   * @throws {Error} If it is damaged; see `isCorruption`.
   */
  checkNext(): void {
    const table = this.#unchecked.at(-1);
    if (table === undefined) return;
    quickCheck(this.#database, table);
    this.#unchecked.pop();
  }

  /**
   * Replaces the database, which has turned out to be damaged, by a fresh one with all that can be read of it. What it
   * holds is told again from the start by {@linkcode StoreThread.more}.
   */
  mend(error: unknown): Mending {
    if (this.#mendings === MENDINGS) throw error;
    this.#closeFiles();
    const mending = mend(this.#path, error, Date.now());
    this.#mendings++;
    this.#findings = { ...this.#findings, mending };
    this.#unchecked = [];
    this.#use(openChecked(this.#path, false));
    return mending;
  }

  #use({ database, tables }: VerifiedDatabase): void {
    this.#database = database;
    this.#files.noteOpened();
    this.#tables = tables;
    this.#damage = new Damage();
    this.#held = new Held(database, this.#damage, tables.purge);
    this.#pieces = this.#held.pieces();
    this.#backlogs = new BacklogReader(database, tables.owners);
    this.#tablesDoubtful = false;
    this.#logDoubt.forget();
    this.#log = this.#walIndex.read();
  }

  /** The next piece of the journal that tells what it holds; `undefined` behind the last one. */
  more(): Uint8Array<ArrayBuffer> | undefined {
    const { value, done } = this.#pieces.next();
    return done ? undefined : value;
  }

  /** All pieces are taken: sets aside what is damaged, and takes back that the end was clean. */
  begin(): StoreOpening {
    const { meta } = this.#tables;
    // Where it begins anew with a fresh database, the record has gone before.
    const closing = this.#closing ??= meta.get("closing");
    this.#logDoubt.settleFound();
    this.#logDoubt.inTransaction(this.#database, () => {
      this.#damage.setAside(this.#database, this.clock.resumed);
      this.#database.exec(
        `DELETE FROM owner WHERE substr(name, 1, 7) = '$share/'
         AND NOT EXISTS (SELECT 1 FROM session WHERE session.owner = id)
         AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.owner = owner.id)`,
      );
      meta.remove("closing");
      this.#noteClock(this.clock.resumed);
    });
    // So that a database without its log does not look as if it had been closed.
    this.#tryCheckpoint();
    return {
      fresh: this.#fresh,
      unclean: !this.#fresh && closing === undefined,
      rows: {
        ...this.#held.told,
        delivery: countRows(this.#database).delivery,
      },
      expected: closing?.rows,
      damagedRows: this.#damage.count,
      findings: this.#findings,
      doubtedTime: this.clock.doubted,
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
    this.#setAside(damage);
    return { ...piece, damagedRows: damage.count };
  }

  /**
   * Reads the retained messages of these topics, as a journal that retains or removes each of them in turn; what is
   * damaged is set aside, and counted.
   */
  readRetained(topics: readonly string[]): Omit<RetainedReply, "type"> {
    const damage = new Damage();
    const journal = new JournalWriter(STORED_BODIES);
    for (const topic of topics) {
      journal.retain(topic, this.#tables.retained.read(topic, damage));
    }
    this.#setAside(damage);
    return { journal: journal.take(), damagedRows: damage.count };
  }

  /** Commits the writes in this journal, or none of them; it may then be called again with the same ones. */
  commit(journal: Uint8Array, now: number): void {
    if (!this.#database.isOpen) throw new Error("database is not open");
    const again = this.#commitFailed;
    this.#commitFailed = true;
    this.#write(() => {
      const writes = new NetWrites(this.#tables, { again });
      new JournalReader(STORED_BODIES).read(journal, writes);
      writes.finish();
      if (this.clock.isDue(now)) this.#noteClock(now);
    });
    this.#files.require();
    this.#commitFailed = false;
    this.#measure(now);
  }

  /** What was written until now. */
  get meter(): MeterRecord {
    return this.#meter;
  }

  /** Puts the log into the database, if there is anything in it that is not there yet. */
  tidy(now: number): void {
    this.#logDoubt.settle(this.#database);
    const { frames, checkpointed } = this.#walIndex.read();
    if (frames === checkpointed) return;
    this.#database.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
    this.#measure(now);
  }

  /** Gives what the database does not need back to the file system, in one small step; says whether there is more. */
  makeRoom(): boolean {
    this.#logDoubt.settle(this.#database);
    return giveBack(this.#database);
  }

  /** Has the log go into the database before it is larger than this, in bytes, or than usual. */
  limitLog(bytes: number): void {
    this.#logLimit.set(this.#database, bytes);
  }

  /** Whether to do with little room beside the database. */
  beThrifty(thrifty: boolean): void {
    this.#logLimit.beThrifty(this.#database, thrifty);
  }

  /** Whether its files were removed or replaced while they were open, so that nothing is kept. */
  get filesGone(): boolean {
    return this.#database.isOpen && this.#files.gone !== undefined;
  }

  /**
   * After a commit that failed: closes the files and opens them again. Where they were removed meanwhile, they are made
   * anew with all that can be read of them.
   */
  reopen(): void {
    if (this.filesGone) this.#remake();
    else this.#closeFiles();
    // Not made anew if it cannot be read any more: a disk that is gone may come back.
    if (
      sizeOf(this.#path) === undefined &&
      finishMending(this.#path) === undefined
    ) throw new Error("unable to open database file");
    this.#database = openDatabase(this.#path).database;
    this.#files.noteOpened();
    this.#logDoubt.noteDoubt();
    this.#prepare();
  }

  #remake(): void {
    const lock = FolderLock.takeAgain(folderOf(this.#path));
    if (lock !== undefined) {
      this.#lock?.release();
      this.#lock = lock;
    }
    if (this.#files.gone === "log") {
      checkpoint(this.#database);
      this.#closeFiles();
      return;
    }
    const carried = remake(
      this.#path,
      this.#database,
      () => this.#closeFiles(),
      Date.now(),
    );
    this.#onRemade?.(carried);
  }

  /** Whether there is something to remove little by little. */
  get purging(): boolean {
    return !this.#tables.purge.empty;
  }

  /**
   * Removes some of what nobody waits for any more. With an fsync, though it need not survive a power cut: what is
   * committed behind it must not lie behind a gap.
   */
  purge(): void {
    this.#write(() => this.#tables.purge.goOn());
  }

  /** Notes that the end is clean, and ends. */
  close(batch: number, now: number): void {
    if (this.filesGone) this.reopen();
    this.#logDoubt.inTransaction(this.#database, () => {
      this.#noteClock(now);
      const rows = countRows(this.#database);
      this.#tables.meta.save("closing", { batch, rows });
    });
    checkpoint(this.#database);
    this.leave();
  }

  /** Ends without a word: the next start finds an unclean end. */
  leave(): void {
    this.#closeFiles();
    this.#lock?.release();
    this.#lock = undefined;
  }

  #closeFiles(): void {
    if (this.#database.isOpen) this.#database.close();
    this.#walIndex.close();
  }

  /** Does all of it or nothing, and knows afterwards what is there. */
  #write(work: () => void): void {
    if (this.#tablesDoubtful) this.#prepare();
    this.#tablesDoubtful = true;
    this.#logDoubt.inTransaction(this.#database, work);
    this.#tablesDoubtful = false;
  }

  #setAside(damage: Damage): void {
    if (damage.count === 0) return;
    this.#logDoubt.inTransaction(
      this.#database,
      () => damage.setAside(this.#database, Date.now()),
    );
  }

  /** It only helps: where the disk does not let it, the log stays as it is. */
  #tryCheckpoint(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      if (troubleOf(error) === undefined) throw error;
      this.#logDoubt.noteDoubt();
    }
  }

  #prepare(): void {
    this.#tables = prepareTables(this.#database);
    this.#backlogs = new BacklogReader(this.#database, this.#tables.owners);
    this.#tablesDoubtful = false;
  }

  #measure(now: number): void {
    const log = this.#walIndex.read();
    this.#meter = metered(this.#meter, writtenBetween(this.#log, log), now);
    this.#log = log;
  }

  #noteClock(now: number): void {
    this.#tables.meta.save("clock", this.clock.note(now));
    this.#tables.meta.save("meter", this.#meter);
  }
}
