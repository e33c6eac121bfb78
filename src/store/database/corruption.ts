/** A database that is not what it should be, where SQLite did not say so itself. */
export class Corruption extends Error {
  /** Says what is wrong with it. */
  constructor(message: string) {
    super(message);
    this.name = "Corruption";
  }
}

/** SQLite's result codes for a damaged database: SQLITE_CORRUPT, SQLITE_NOTADB. */
const DAMAGED = new Set([11, 26]);

/** Those for a disk that cannot read a place any more: SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ. */
const UNREADABLE = new Set([266, 522]);

/** Whether an error means that the database is damaged: trying again will not help, mending it will. */
export function isCorruption(error: unknown): boolean {
  if (error instanceof Corruption) return true;
  const { code, errcode } = error as { code?: string; errcode?: number };
  // A number that none of our columns holds.
  if (code === "ERR_OUT_OF_RANGE") return true;
  return errcode !== undefined && DAMAGED.has(errcode & 0xFF);
}

/** Whether an error means that the disk cannot read a place; it may be able to again, after a moment. */
export function isUnreadable(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && UNREADABLE.has(errcode);
}

/** Failures to read a place, a second apart, after which it is given up. */
const PATIENCE = 30;

/**
 * Makes a judge of the errors of one piece of work that is tried again and again: says whether the database is to be
 * mended. That is so at once where it is damaged, and where a place cannot be read that so many times.
 */
export function judgeOfDamage(
  patience: number = PATIENCE,
): (error: unknown) => boolean {
  let unreadable = 0;
  return (error) =>
    isCorruption(error) || (isUnreadable(error) && ++unreadable >= patience);
}
