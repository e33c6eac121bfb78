import { describeError, StartError } from "../core/errors.ts";
import { dirname, isAbsolute, join } from "node:path";
import { readValue } from "./values.ts";

/** One line of a mosquitto.conf that says something. */
export interface Directive {
  /** The file. */
  readonly file: string;
  /** Its line, from 1. */
  readonly line: number;
  /** The option's name. */
  readonly name: string;
  /** What stands behind it, as mosquitto reads it; the empty string where nothing does. */
  readonly value: string;
  /** Why mosquitto would not take the value, if it would not. */
  readonly fault?: string | undefined;
}

/** How files are read: from the disk, or from a test. */
export interface ImportFiles {
  /** A file's bytes. Rejects if it cannot be read. */
  read(path: string): Promise<Uint8Array>;
  /** The names of all files in a folder. Rejects if it cannot be read. */
  list(folder: string): Promise<readonly string[]>;
}

/**
 * Reads a mosquitto.conf and what it includes, in the order in which mosquitto does: the files of an `include_dir` whose
 * names end with `.conf`, at the place where it stands. Throws a `StartError` for a file that cannot be read.
 */
export async function readDirectives(
  path: string,
  files: ImportFiles,
): Promise<Directive[]> {
  const all: Directive[] = [];
  for (const directive of parseLines(path, await readText(path, files))) {
    all.push(directive);
    if (directive.name !== "include_dir" || directive.value === "") continue;
    const folder = beside(path, directive.value);
    for (const name of await listFolder(folder, files)) {
      const inner = join(folder, name);
      all.push(...parseLines(inner, await readText(inner, files)));
    }
  }
  return all;
}

/** A file that a mosquitto.conf names. A relative name is sought from that file's folder on. */
export function beside(file: string, name: string): string {
  return isAbsolute(name) ? name : join(dirname(file), name);
}

async function readText(path: string, files: ImportFiles): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true })
      .decode(await files.read(path));
  } catch (error) {
    throw new StartError(
      error instanceof TypeError
        ? `Cannot read ${path}: it is not UTF-8`
        : `Cannot read ${path}: ${describeError(error)}`,
    );
  }
}

async function listFolder(
  folder: string,
  files: ImportFiles,
): Promise<string[]> {
  try {
    const names = await files.list(folder);
    return names.filter((name) => name.length > 5 && name.endsWith(".conf"))
      .sort(compareNames);
  } catch (error) {
    throw new StartError(`Cannot read ${folder}: ${describeError(error)}`);
  }
}

/** mosquitto's order: by letters, the upper case of each before its lower case. */
function compareNames(one: string, other: string): number {
  for (let at = 0; at < Math.min(one.length, other.length); at++) {
    const [a, b] = [one[at]!, other[at]!];
    if (a === b) continue;
    const [upperA, upperB] = [a.toUpperCase(), b.toUpperCase()];
    return (upperA === upperB ? a < b : upperA < upperB) ? -1 : 1;
  }
  return one.length - other.length;
}

function parseLines(file: string, text: string): Directive[] {
  return text.split("\n").flatMap((raw, at) => {
    const [, name, value] = /^ *([^ ]+) *(.*)$/.exec(raw.trimEnd()) ?? [];
    if (name === undefined || name.startsWith("#")) return [];
    return [{ file, line: at + 1, name, ...readValue(name, value!) }];
  });
}
