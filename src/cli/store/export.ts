import { describeError, EXIT, StartError } from "../../core/errors.ts";
import { exportStore } from "../../store/backup/export.ts";
import { parseFlags } from "../../terminal/flags.ts";
import { printError } from "../../terminal/output.ts";
import { Progress } from "../../terminal/progress.ts";
import { EXPORT_FLAGS, storeFolder } from "./flags.ts";

/** The command `store export`. */
export async function storeExport(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, EXPORT_FLAGS);
  const folder = storeFolder(flags);
  const output = flags.values.get("output")?.[0];
  const progress = new Progress({ title: "Exporting" });
  const step = (done: number, all: number) => progress.step(done, all, "rows");
  try {
    const damaged = output === undefined
      ? exportStore(folder, Deno.stdout, step)
      : await toFile(output, (file) => exportStore(folder, file, step));
    progress.end();
    if (damaged === 0) return EXIT.ok;
    printError(
      `The export leaves out ${damaged} damaged ${
        damaged === 1 ? "row" : "rows"
      }: mailboxqtt store check names them\n`,
    );
    return EXIT.failed;
  } catch (error) {
    progress.end();
    if (error instanceof StartError) throw error;
    throw new StartError(
      `Cannot write the export${output === undefined ? "" : ` to ${output}`}: ${
        describeError(error)
      }`,
    );
  }
}

/** Has a file written beside the one of this name, and put in its place once it is on the disk. */
async function toFile<T>(
  path: string,
  write: (file: Deno.FsFile) => T,
): Promise<T> {
  const unfinished = `${path}.unfinished`;
  // For this user's eyes only: it holds what the data folder holds.
  const options = { write: true, create: true, truncate: true, mode: 0o600 };
  using file = await Deno.open(unfinished, options);
  try {
    const result = write(file);
    await file.syncData();
    await Deno.rename(unfinished, path);
    return result;
  } catch (error) {
    await Deno.remove(unfinished);
    throw error;
  }
}
