import type { ImportFiles } from "../../src/mosquitto/lines.ts";

/** A configuration of mosquitto, and what becomes of it. */
export interface ImportCase {
  /** What it shows. */
  readonly title: string;
  /** The files by their paths. */
  readonly files: ReadonlyMap<string, string>;
  /** The table. */
  readonly table: string;
  /** The configuration file. */
  readonly toml: string;
}

/** Reads a file of cases. */
export function readCases(text: string): ImportCase[] {
  return text.split(/^== /m).slice(1).map((part) => {
    const end = part.indexOf("\n");
    const [inputs = "", table = "", toml = ""] = part.slice(end + 1)
      .split(/^-> .*\n/m);
    const files = inputs.split(/^-- /m).slice(1).map((file) => {
      const line = file.indexOf("\n");
      return [file.slice(0, line), file.slice(line + 1)] as const;
    });
    return {
      title: part.slice(0, end),
      files: new Map(files),
      table,
      toml: `${toml.trimEnd()}\n`,
    };
  });
}

/** Files that are in memory alone. */
export function inMemory(files: ReadonlyMap<string, string>): ImportFiles {
  return {
    read: (path) => {
      const text = files.get(path);
      return text === undefined
        ? Promise.reject(new Deno.errors.NotFound("no such file"))
        : Promise.resolve(new TextEncoder().encode(text));
    },
    list: (folder) => {
      const names = [...files.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1));
      return names.length === 0
        ? Promise.reject(new Deno.errors.NotFound("no such folder"))
        : Promise.resolve(names);
    },
  };
}
