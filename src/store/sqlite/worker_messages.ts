// What the broker's thread and the Store's tell each other.

import type { CarriedOver } from "../repair/carry_over.ts";
import type { Mending } from "../repair/mending.ts";
import type { RoomReport } from "../disk_room.ts";
import type { MeterRecord } from "../meter.ts";
import type { RowCounts } from "../database/schema.ts";
import type { Findings } from "../repair/verified_database.ts";
import type { BacklogQuery, StoredBacklog } from "../store.ts";

/** What the Store's thread is told. */
export type StoreRequest =
  /** Open the database in this file. The answer is `opened`. */
  | {
    readonly type: "open";
    readonly path: string;
    /** Bytes of the ballast beside it. */
    readonly ballast: number;
    /** The largest share of what is free that the ballast may take. */
    readonly ballastShare: number;
    /** Up to this size, in bytes, the database is checked before it is used. */
    readonly checkedFirst: number;
    /** Whether this process has tried to open it before. */
    readonly again: boolean;
  }
  /** Tell more of what it holds. The answers are `held`, and `ready` behind the last one. */
  | { readonly type: "more" }
  /** Read a part of a backlog. The answers are `page`, in the order of the questions. */
  | { readonly type: "read"; readonly query: BacklogQuery }
  /** Read the retained messages of these topics. The answers are `retained`, in the order of the questions. */
  | { readonly type: "readRetained"; readonly topics: readonly string[] }
  /** Commit these writes. The answer is `committed`. */
  | {
    readonly type: "commit";
    readonly batch: number;
    readonly journal: Uint8Array<ArrayBuffer>;
    /** The broker's clock. */
    readonly now: number;
  }
  /** End after what was sent before. The answer is `closed`. */
  | { readonly type: "close"; readonly batch: number; readonly now: number };

/** What the Store's thread tells. */
export type StoreReply =
  /** It is open; the broker's clock goes on from `now`. */
  | { readonly type: "opened"; readonly now: number }
  /** A piece of what it holds. */
  | { readonly type: "held"; readonly piece: Uint8Array<ArrayBuffer> }
  /** It held no more but these backlogs, and can commit. */
  | {
    readonly type: "ready";
    readonly opening: StoreOpening;
    readonly backlogs: readonly (readonly [string, StoredBacklog])[];
  }
  /** A part of a backlog. */
  | {
    readonly type: "page";
    readonly journal: Uint8Array<ArrayBuffer>;
    readonly last: number;
    readonly end: boolean;
    /** Rows that were found damaged, and set aside. */
    readonly damagedRows: number;
  }
  /** A journal that retains or removes, in turn, each of the topics that were asked for. */
  | {
    readonly type: "retained";
    readonly journal: Uint8Array<ArrayBuffer>;
    /** Rows that were found damaged, and set aside. */
    readonly damagedRows: number;
  }
  /** The database turned out to be damaged, and was replaced: what was told is void, and told again from the start. */
  | { readonly type: "startedOver" }
  /** The same, but while it was in use; what was committed goes on. */
  | { readonly type: "mended"; readonly mending: Mending }
  /** Its files were removed while it was in use, and were made anew. */
  | { readonly type: "remade"; readonly carried: Readonly<CarriedOver> }
  /** The batch is on the disk. Its buffer comes back. */
  | {
    readonly type: "committed";
    readonly batch: number;
    readonly journal: Uint8Array<ArrayBuffer>;
  }
  /** These milliseconds have passed besides while the broker was down: the machine's clock is in doubt no more. */
  | { readonly type: "timePassed"; readonly milliseconds: number }
  /** So much was written until now. */
  | { readonly type: "metered"; readonly meter: MeterRecord }
  /** The disk has come to have more room, or less. */
  | { readonly type: "room"; readonly report: RoomReport }
  /** It cannot go on. */
  | { readonly type: "failed"; readonly error: StoreFailure }
  /** All is on the disk and the file is closed. */
  | { readonly type: "closed" };

/** Retained messages, as the Store's thread hands them over. */
export type RetainedReply = Extract<StoreReply, { type: "retained" }>;

/** Why the Store cannot go on. */
export interface StoreFailure {
  /** What it tried, such as "Cannot commit a batch". */
  readonly attempt: string;
  /** What went wrong. */
  readonly reason: string;
  /** SQLite's result code, where the error is SQLite's. */
  readonly code: number | undefined;
}

/** What a store found when it was opened. */
export interface StoreOpening {
  /** Whether there was nothing, not even an empty store. */
  readonly fresh: boolean;
  /** Whether the broker before did not end by itself. */
  readonly unclean: boolean;
  /** Rows that it held and told, by table. */
  readonly rows: RowCounts;
  /** Rows that must be there after a clean end; more than `rows` where some are missing or damaged. */
  readonly expected: RowCounts | undefined;
  /** Rows whose checksum was wrong, and those that belong to them: set aside. */
  readonly damagedRows: number;
  /** What was not as it was left. */
  readonly findings: Findings;
  /** Milliseconds that passed since the last end if the machine's clock is right, which is in doubt: not counted yet. */
  readonly doubtedTime: number;
}
