import type { Written } from "../meter.ts";

/** How much is in the write-ahead log. */
export interface WalState {
  /** Tells one log from the next one in the same file. */
  readonly salt: number;
  /** Pages in it. */
  readonly frames: number;
  /** Pages of it that are in the database already. */
  readonly checkpointed: number;
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Pages of the database. */
  readonly pages: number;
}

const NOTHING: WalState = {
  salt: 0,
  frames: 0,
  checkpointed: 0,
  pageSize: 0,
  pages: 0,
};

/** Where in the index: bytes of a page, pages in the log, of the database, the first salt, pages that were put into it. */
const PAGE_SIZE = 14;
const FRAMES = 16;
const PAGES = 20;
const SALT = 32;
const CHECKPOINTED = 96;
const LENGTH = 100;

/**
 * Reads SQLite's index of its write-ahead log, `-shm` (https://sqlite.org/walformat.html#walindex_format): how many
 * pages a commit has written is to be had nowhere else.
 *
 * To be closed after the database: closing any handle of the file ends SQLite's locks on it.
 */
export class WalIndex {
  readonly #path: string;
  readonly #bytes = new Uint8Array(LENGTH);
  readonly #view = new DataView(this.#bytes.buffer);
  #file: Deno.FsFile | undefined;

  /** The index of the database in this file, which need not be open yet. */
  constructor(database: string) {
    this.#path = `${database}-shm`;
  }

  /** What is in the log now. */
  read(): WalState {
    try {
      this.#file ??= Deno.openSync(this.#path);
      this.#file.seekSync(0, Deno.SeekMode.Start);
      if (this.#file.readSync(this.#bytes) !== LENGTH) return NOTHING;
    } catch {
      return NOTHING;
    }
    const view = this.#view;
    const pageSize = view.getUint16(PAGE_SIZE, LITTLE_ENDIAN);
    return {
      salt: view.getUint32(SALT, LITTLE_ENDIAN),
      frames: view.getUint32(FRAMES, LITTLE_ENDIAN),
      checkpointed: view.getUint32(CHECKPOINTED, LITTLE_ENDIAN),
      // The largest one does not fit.
      pageSize: pageSize === 1 ? 65_536 : pageSize,
      pages: view.getUint32(PAGES, LITTLE_ENDIAN),
    };
  }

  /** Lets go of the file. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** The index is in the machine's own byte order. */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Bytes of the log's header, and of that of each page in it (https://sqlite.org/walformat.html). */
const LOG_HEADER = 32;
const FRAME_HEADER = 24;

/**
 * What SQLite has written between two looks at its log. It calls fsync once for each commit, once more for a log that
 * begins anew, and for a checkpoint once for the log and once for the database. A page that was changed more than once
 * since the last checkpoint is put into the database once, so that of these there may be fewer than are counted.
 */
export function writtenBetween(before: WalState, after: WalState): Written {
  const began = after.salt !== before.salt;
  const frames = began ? 0 : before.frames;
  const checkpointed = began ? 0 : before.checkpointed;
  let bytes = 0;
  let fsyncs = 0;
  const checkpoint = (from: number, to: number): void => {
    if (to <= from) return;
    fsyncs += 2;
    bytes += Math.min(to - from, after.pages) * after.pageSize;
  };
  // The log before was put into the database to its end, or this one could not have begun.
  if (began) checkpoint(before.checkpointed, before.frames);
  if (after.frames > frames) {
    fsyncs += frames === 0 ? 2 : 1;
    bytes += frames === 0 ? LOG_HEADER : 0;
    bytes += (after.frames - frames) * (after.pageSize + FRAME_HEADER);
  }
  checkpoint(checkpointed, after.checkpointed);
  return { bytes, fsyncs };
}
