import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { isCorruption, isUnreadable } from "../database/corruption.ts";
import { readableJson } from "../tables/damage.ts";

/** Rows read at once. */
const PAGE = 256;

/** Rows have no numbers beyond this one. */
const LAST = BigInt(Number.MAX_SAFE_INTEGER);

/** Where nothing can be read, each step goes on by this part of the way since the last row that could be. */
const STEP = 64n;

/** A row of a damaged table, with its rowid first. */
type Row = SQLOutputValue[];

/** What became of the rows of a damaged database. */
export interface CarriedOver {
  /** Rows that are in the new database. */
  rows: number;
  /** Rows that could be read and found no place there, such as two with the same key: they are in its `damaged`. */
  setAside: number;
  /** Places at which something could not be read, be it one row or many. */
  gaps: number;
}

/** Copies the rows of these tables, as far as they can be read, to the same tables of another database. */
export function carryOver(
  source: DatabaseSync,
  target: DatabaseSync,
  tables: readonly string[],
  now: number,
): CarriedOver {
  const carried: CarriedOver = { rows: 0, setAside: 0, gaps: 0 };
  const setAside = target.prepare(
    "INSERT INTO damaged (found_at, origin, content) VALUES (?, ?, ?)",
  );
  for (const table of tables) {
    const columns = attempt(() => commonColumns(source, target, table));
    if (columns === undefined || columns.length === 0) {
      carried.gaps++;
      continue;
    }
    const reader = attempt(() => new TableReader(source, table, columns));
    if (reader === undefined) {
      carried.gaps++;
      continue;
    }
    const insert = target.prepare(
      `INSERT OR IGNORE INTO ${table} (rowid, ${columns})
       VALUES (?${", ?".repeat(columns.length)})`,
    );
    for (const row of reader.rows()) {
      if (row.every(isUsual) && insert.run(...row).changes === 1) {
        carried.rows++;
        continue;
      }
      const entries = columns.map((name, i) => [name, row[i + 1]]);
      const content = JSON.stringify(Object.fromEntries(entries), readableJson);
      setAside.run(now, table, content);
      carried.setAside++;
    }
    carried.gaps += reader.gaps;
  }
  return carried;
}

/** Reads what can be read of a damaged table, in the order of its rowids but for what lies before a gap's end. */
class TableReader {
  /** Places at which something could not be read. */
  gaps = 0;
  readonly #after: StatementSync;
  readonly #between: StatementSync;

  constructor(source: DatabaseSync, table: string, columns: readonly string[]) {
    // Not by an index: it may lack what the table has.
    const select = `SELECT rowid, ${columns} FROM ${table} NOT INDEXED`;
    this.#after = prepare(
      source,
      `${select} WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    );
    this.#between = prepare(
      source,
      `${select} WHERE rowid > ? AND rowid <= ? ORDER BY rowid DESC`,
    );
  }

  *rows(): Generator<Row> {
    let last = -1n;
    for (let limit = PAGE;;) {
      const page = this.#read(last, limit);
      if (page !== undefined) {
        for (const row of page) {
          last = row[0] as bigint;
          yield row;
        }
        if (page.length < limit) return;
      } else if (limit > 1) limit = 1;
      else {
        this.gaps++;
        const gap = this.#skip(last);
        if (gap === undefined) return;
        yield* this.#backwards(gap.failing, gap.end);
        last = gap.end;
        limit = PAGE;
      }
    }
  }

  /** Rows behind this number; `undefined` where one of them cannot be read. */
  #read(last: bigint, limit: number): Row[] | undefined {
    const page = attempt(() =>
      this.#after.all(last, limit) as unknown as Row[]
    );
    // Where pages have changed places, the numbers are not in order, nor those that were asked for.
    let before = last;
    for (const row of page ?? []) {
      const id = row[0] as bigint;
      if (id <= before) return undefined;
      before = id;
    }
    return page;
  }

  /** The numbers, one soon after the other, behind which nothing and something can be read again. */
  #skip(last: bigint): { failing: bigint; end: bigint } | undefined {
    let failing = last;
    for (let at = last + 1n; at <= LAST; at += 1n + (at - last) / STEP) {
      if (this.#read(at, 1) !== undefined) return { failing, end: at };
      failing = at;
    }
    return undefined;
  }

  /** The rows from a number down to one where nothing can be read, as far as they can be. */
  *#backwards(failing: bigint, end: bigint): Generator<Row> {
    const rows = this.#between.iterate(failing, end) as unknown as Iterator<
      Row
    >;
    for (;;) {
      const next = attempt(() => rows.next());
      if (next === undefined || next.done) return;
      yield next.value;
    }
  }
}

/** What it returns; `undefined` where that cannot be read. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    const isDamage = isCorruption(error) || isUnreadable(error) ||
      isSqlError(error);
    if (isDamage) return undefined;
    throw error;
  }
}

/** SQLITE_ERROR: the damage has taken the table itself. */
function isSqlError(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === 1;
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql) as StatementSync & {
    setReturnArrays(enabled: boolean): void;
  };
  statement.setReturnArrays(true);
  statement.setReadBigInts(true);
  return statement;
}

/** The columns that a table has in both databases: the damaged one may be older. */
function commonColumns(
  source: DatabaseSync,
  target: DatabaseSync,
  table: string,
): string[] {
  const names = (database: DatabaseSync) =>
    database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all()
      .map(({ name }) => String(name));
  const known = new Set(names(source));
  return names(target).filter((name) => known.has(name));
}

/** Whether a value is one that can be read in the usual way. */
function isUsual(value: SQLOutputValue): boolean {
  return typeof value !== "bigint" || (value <= LAST && value >= -LAST);
}
