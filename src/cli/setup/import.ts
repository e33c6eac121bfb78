import { describeError, EXIT, StartError } from "../../core/errors.ts";
import { columns, printable } from "../../terminal/columns.ts";
import { parseFlags, usageError } from "../../terminal/flags.ts";
import { draftText, type ImportDraft } from "../../mosquitto/draft.ts";
import { DEFAULT_OUT, IMPORT_FLAGS } from "./import_flags.ts";
import { importMosquitto } from "../../mosquitto/import.ts";
import type { ImportFiles } from "../../mosquitto/lines.ts";
import { print } from "../../terminal/output.ts";

const DISK: ImportFiles = {
  read: (path) => Deno.readFile(path),
  list: async (folder) => {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map(({ name }) => name);
  },
};

/** The command `import`. */
export async function importConfiguration(
  args: readonly string[],
): Promise<number> {
  const { operands, values, switches } = parseFlags(args, IMPORT_FLAGS, 1);
  const [path] = operands;
  if (path === undefined) {
    throw usageError(
      "Name the file to import, for example mailboxqtt import /etc/mosquitto/mosquitto.conf --dry-run",
    );
  }
  const isTrial = switches.has("dry-run");
  const out = values.get("out")?.[0];
  if (isTrial && out !== undefined) {
    throw usageError("Flag --out contradicts --dry-run: leave one of them out");
  }
  const draft = await importMosquitto(path, DISK);
  if (!isTrial) await write(out ?? DEFAULT_OUT, draftText(draft));
  print(
    isTrial
      ? `${importTable(draft)}\n${draftText(draft)}`
      : `${importTable(draft)}\nWrote ${out ?? DEFAULT_OUT}\n`,
  );
  return EXIT.ok;
}

/** The table, with how many lines there are of each kind below. */
export function importTable({ rows }: ImportDraft): string {
  const counts = Map.groupBy(rows, ({ verdict }) => verdict);
  const sums = [...counts].map(([verdict, { length }]) =>
    `${length} ${verdict}`
  );
  const table = rows.map(({ place, option, verdict, text }) => [
    place,
    printable(option),
    verdict,
    printable(text).replaceAll('\\"', '"'),
  ]);
  return `${columns(table)}${sums.join(", ") || "Nothing is said"}\n`;
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (error) {
    throw new StartError(
      error instanceof Deno.errors.AlreadyExists
        ? `Cannot write ${path}: it is there already; name another file with --out`
        : `Cannot write ${path}: ${describeError(error)}`,
    );
  }
}
