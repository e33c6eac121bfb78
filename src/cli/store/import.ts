import { EXIT } from "../../core/errors.ts";
import {
  isValidTopicFilter,
  isValidTopicName,
  parseSharedFilter,
} from "../../router/topics/filter.ts";
import { importStore } from "../../store/backup/import.ts";
import { parseFlags, usageError } from "../../terminal/flags.ts";
import { print } from "../../terminal/output.ts";
import { Progress } from "../../terminal/progress.ts";
import { IMPORT_FLAGS, storeFolder } from "./flags.ts";

/** The command `store import`. */
export async function storeImport(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, IMPORT_FLAGS, 1);
  const [path] = flags.operands;
  if (path === undefined) {
    throw usageError(
      "Name the file to import, for example mailboxqtt store import backup.jsonl",
    );
  }
  const folder = storeFolder(flags);
  const progress = new Progress({ title: "Importing" });
  try {
    const lines = await importStore({
      path,
      folder,
      replace: flags.switches.has("replace"),
      rules: {
        isTopicName: isValidTopicName,
        isTopicFilter: (filter) =>
          isValidTopicFilter(filter) && parseSharedFilter(filter) !== "invalid",
      },
      step: (done, all) => progress.step(done, all, "bytes"),
    });
    progress.end();
    print(`Imported ${lines} lines of ${path} into ${folder}\n`);
  } finally {
    progress.end();
  }
  return EXIT.ok;
}
