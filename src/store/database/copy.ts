import { DatabaseSync } from "node:sqlite";
import { checkpoint, SETTINGS_OF_NEW } from "./database.ts";
import { schemaVersion } from "./transaction.ts";
import { prepareRows } from "./row_pages.ts";

/** Rows that are written in one transaction. */
const ROWS = 20_000;

/**
 * Copies all tables into a new database, row by row, so that it has no pages that it does not use. SQLite's own VACUUM
 * is not to be had: it attaches a database, which Deno refuses to programs that may not do everything. Calls `step`
 * behind each row, with how many are copied, of how many.
 */
export function copyDatabase(
  from: DatabaseSync,
  path: string,
  step: (done: number, all: number) => void,
): void {
  const schema = from.prepare(
    `SELECT type, name, sql FROM sqlite_schema
     WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`,
  ).all();
  const tables = schema.filter(({ type }) => type === "table");
  const count = ({ name }: typeof schema[number]) =>
    Number(from.prepare(`SELECT count(*) AS n FROM ${name}`).get()!.n);
  const all = tables.reduce((sum, table) => sum + count(table), 0);
  using to = new DatabaseSync(path);
  to.exec(`${SETTINGS_OF_NEW}; PRAGMA journal_mode = WAL; BEGIN`);
  for (const { sql } of tables) to.exec(String(sql));
  let done = 0;
  for (const { name } of tables) {
    const rows = prepareRows(from, `SELECT * FROM ${name} ORDER BY rowid`);
    let insert: ReturnType<DatabaseSync["prepare"]> | undefined;
    for (const row of rows.iterate()) {
      insert ??= to.prepare(
        `INSERT INTO ${name} VALUES (${row.map(() => "?")})`,
      );
      insert.run(...row);
      if (++done % ROWS === 0) to.exec("COMMIT; BEGIN");
      step(done, all);
    }
  }
  for (const { type, sql } of schema) {
    if (type !== "table") to.exec(String(sql));
  }
  to.exec(`PRAGMA user_version = ${schemaVersion(from)}; COMMIT`);
  checkpoint(to);
}
