import { folderOf, nameOf, sizeOf } from "./file_names.ts";
import { SCHEMA_VERSION } from "./schema.ts";

/** The database's file in the folder. */
export const DATABASE_FILE = "mailboxqtt.db";

/** Where in a database file SQLite keeps its `user_version`. */
const VERSION_AT = 60;

/** Which of the databases in a folder is this version's. */
export interface DatabaseChoice {
  /** The database's file. */
  readonly path: string;
  /** {@linkcode DATABASE_FILE} in the folder. */
  readonly main: string;
  /** The schema of the database that a newer version keeps there, if one does. */
  readonly newer: number | undefined;
  /** Files in which older versions kept theirs while a newer one had {@linkcode DATABASE_FILE}: names, not read. */
  readonly others: readonly string[];
}

/**
 * Chooses the database. The newest version that ever used a folder has {@linkcode DATABASE_FILE} in it. An older one
 * leaves that as it is, and keeps its own beside it, in a file whose name has its schema; so each finds its own again,
 * however often they take turns.
 */
export function chooseDatabase(
  folder: string,
  version: number = SCHEMA_VERSION,
): DatabaseChoice {
  const main = `${folder}/${DATABASE_FILE}`;
  const found = versionIn(main);
  const isNewer = found > version;
  const path = isNewer ? `${folder}/mailboxqtt.v${version}.db` : main;
  const others: string[] = [];
  for (const { name } of Deno.readDirSync(folderOf(main))) {
    if (/^mailboxqtt\.v\d+\.db$/.test(name) && name !== nameOf(path)) {
      others.push(name);
    }
  }
  return {
    path,
    main,
    newer: isNewer ? found : undefined,
    others: others.sort(),
  };
}

/** Whether a folder may hold a store: also where that cannot be told. */
export function mayHoldStore(folder: string): boolean {
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      if (name.startsWith("mailboxqtt.")) return true;
    }
    return false;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound) &&
      !(error instanceof Deno.errors.NotADirectory);
  }
}

/** The schema of a database file; 0 where that cannot be told. */
function versionIn(path: string): number {
  if ((sizeOf(path) ?? 0) < 100) return 0;
  using file = Deno.openSync(path);
  const header = new Uint8Array(100);
  file.readSync(header);
  const text = new TextDecoder().decode(header.subarray(0, 15));
  if (text !== "SQLite format 3") return 0;
  return new DataView(header.buffer).getUint32(VERSION_AT);
}
