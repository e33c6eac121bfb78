// Looks at a write-ahead log as SQLite will: it takes what is sound from the beginning on, and is silent about the rest.
// The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log

/** Bytes of the log's header. */
const HEADER = 32;
/** Bytes before the page in each frame. */
const FRAME_HEADER = 24;
/** The log's first four bytes, but for the last bit: whether its checksums are over big-endian words. */
const MAGIC = 0x377F0682;
/** Frames read at once, about a quarter of a MiB. */
const FRAMES = 64;

/** What is left out when a log is read. */
export interface LogState {
  /** Whether it is read at all: its header is sound. */
  readonly sound: boolean;
  /** Commits behind a place that is damaged, so that they are not read. */
  readonly lostCommits: number;
  /** Whether it ends within a commit, as after a power cut. */
  readonly torn: boolean;
}

/** What becomes of the write-ahead log in a file; `undefined` where that is missing or empty. */
export function readLogState(path: string): LogState | undefined {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  using log = file;
  const header = new DataView(new ArrayBuffer(HEADER));
  const length = readFully(log, header);
  if (length === 0) return undefined;
  const littleEndian = (header.getUint32(0) & 1) === 0;
  const pageSize = header.getUint32(8);
  const sum = new Checksum(littleEndian);
  const sound = length === HEADER &&
    (header.getUint32(0) & ~1) >>> 0 === MAGIC &&
    pageSize >= 512 && pageSize <= 65_536 && sum.add(header, 0, 24) &&
    sum.equals(header, 24);
  if (!sound) return { sound, lostCommits: 0, torn: false };
  return { sound, ...readFrames(log, header, pageSize, sum) };
}

function readFrames(
  log: Deno.FsFile,
  header: DataView,
  pageSize: number,
  sum: Checksum,
): Pick<LogState, "lostCommits" | "torn"> {
  const size = FRAME_HEADER + pageSize;
  const frames = new DataView(new ArrayBuffer(size * FRAMES));
  let intact = true;
  let torn = false;
  let lostCommits = 0;
  for (;;) {
    const length = readFully(log, frames);
    let at = 0;
    for (; at + size <= length; at += size) {
      // Frames of an earlier round, which has gone into the database, have other salts.
      const ours = frames.getUint32(at + 8) === header.getUint32(16) &&
        frames.getUint32(at + 12) === header.getUint32(20);
      const commits = frames.getUint32(at + 4) !== 0;
      intact &&= ours && sum.add(frames, at, 8) &&
        sum.add(frames, at + FRAME_HEADER, pageSize) &&
        sum.equals(frames, at + 16);
      if (intact) torn = !commits;
      else if (ours) {
        torn = true;
        if (commits) lostCommits++;
      }
    }
    if (length === frames.byteLength) continue;
    return { lostCommits, torn: torn || at < length };
  }
}

/** Reads until the buffer is full or the file ends; returns how many bytes there were. */
function readFully(file: Deno.FsFile, into: DataView): number {
  const bytes = new Uint8Array(into.buffer);
  for (let length = 0;;) {
    if (length === bytes.length) return length;
    const read = file.readSync(bytes.subarray(length));
    if (read === null) return length;
    length += read;
  }
}

/** The checksum that runs through the log from its header on. */
class Checksum {
  readonly #littleEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  /** Goes on over these bytes, a multiple of eight. Always true, to stand in a condition. */
  add(view: DataView, start: number, length: number): true {
    for (let at = start; at < start + length; at += 8) {
      const word = view.getUint32(at, this.#littleEndian);
      this.#first = (this.#first + word + this.#second) >>> 0;
      const next = view.getUint32(at + 4, this.#littleEndian);
      this.#second = (this.#second + next + this.#first) >>> 0;
    }
    return true;
  }

  /** Whether it is as noted there. */
  equals(view: DataView, at: number): boolean {
    return view.getUint32(at) === this.#first &&
      view.getUint32(at + 4) === this.#second;
  }
}

/** Bytes of a log that are written again at a time. */
const PIECE = 256 * 1024;

/**
 * Writes a log's bytes once more, as they are in the system's memory, and has them on the disk. After an fsync that
 * failed they may be nowhere else: Linux takes them for written then, so that no later fsync writes them.
 */
export function rewriteLog(path: string): void {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(`${path}-wal`, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  using log = file;
  const buffer = new Uint8Array(PIECE);
  for (let position = 0;;) {
    log.seekSync(position, Deno.SeekMode.Start);
    const count = log.readSync(buffer);
    if (count === null) break;
    log.seekSync(position, Deno.SeekMode.Start);
    for (let at = 0; at < count;) {
      at += log.writeSync(buffer.subarray(at, count));
    }
    position += count;
  }
  log.syncSync();
}
