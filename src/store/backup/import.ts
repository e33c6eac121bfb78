import { describeError, StartError } from "../../core/errors.ts";
import { checkpoint, openDatabase } from "../database/database.ts";
import { exchangeDatabase } from "../database/exchange.ts";
import { fileLines } from "./file_lines.ts";
import { FolderLock } from "../database/folder_lock.ts";
import type { NameRules } from "./import_fields.ts";
import { parseLine } from "./import_line.ts";
import { Importer } from "./importer.ts";
import { removeDatabase, sizeOf } from "../database/file_names.ts";
import { isDatabaseError, storeFiles } from "../database/open_for_reading.ts";

/** What {@linkcode importStore} is told. */
export interface ImportOptions {
  /** What `export` wrote. */
  readonly path: string;
  /** The data folder; made where it is missing. */
  readonly folder: string;
  /** Whether a store that is there goes. */
  readonly replace: boolean;
  /** What names must be like. */
  readonly rules: NameRules;
  /** Is called now and then, with how many bytes of the file were read, of how many. */
  readonly step: (done: number, all: number) => void;
}

/**
 * Makes a store of an export. It is written beside the one that is there, which stays until the new one is whole and
 * on the disk. Returns how many lines it was made of.
 *
 * @throws {StartError} If a line is wrong, a broker runs on the folder, or there is a store that is not to go.
 */
export async function importStore(options: ImportOptions): Promise<number> {
  const { path, folder, replace } = options;
  const attempt = `Cannot import ${path}`;
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    throw new StartError(`${attempt}: ${describeError(error)}`);
  }
  using _file = file;
  const lock = FolderLock.take(folder);
  const { database } = storeFiles(folder);
  const unfinished = `${database}.import`;
  try {
    if (!replace && sizeOf(database) !== undefined) {
      throw new StartError(
        `${attempt}: there is a store in ${folder} already; --replace puts the import in its place`,
      );
    }
    removeDatabase(unfinished);
    const lines = await write(unfinished, file, options);
    await exchangeDatabase(unfinished, folder);
    return lines;
  } catch (error) {
    removeDatabase(unfinished);
    if (error instanceof StartError) throw error;
    throw new StartError(
      `${attempt}: ${describeError(error)}; the store is as it was`,
    );
  } finally {
    lock.release();
  }
}

async function write(
  to: string,
  file: Deno.FsFile,
  { path, rules, step }: ImportOptions,
): Promise<number> {
  const all = (await file.stat()).size;
  const { database } = openDatabase(to);
  let number = 0;
  const wrong = (error: unknown) =>
    new StartError(
      `Cannot import ${path}: line ${number}: ${
        describeError(error)
      }; correct the line or make the export anew, the store is as it was`,
    );
  try {
    const importer = new Importer(database);
    for await (const { text, end } of fileLines(file)) {
      number++;
      try {
        if (text === undefined) throw new Error("it is not UTF-8");
        importer.take(parseLine(text, rules));
      } catch (error) {
        throw isDatabaseError(error) ? error : wrong(error);
      }
      step(end, all);
    }
    try {
      importer.finish();
    } catch (error) {
      number++;
      throw isDatabaseError(error) ? error : wrong(error);
    }
    checkpoint(database);
  } finally {
    database.close();
  }
  return number;
}
