import { EXIT } from "../../core/errors.ts";
import { compactStore } from "../../store/backup/compact.ts";
import { parseFlags } from "../../terminal/flags.ts";
import { formatBytes } from "../../terminal/human.ts";
import { print } from "../../terminal/output.ts";
import { Progress } from "../../terminal/progress.ts";
import { DATA_FLAG, storeFolder } from "./flags.ts";

/** The command `store compact`. */
export async function storeCompact(args: readonly string[]): Promise<number> {
  const folder = storeFolder(parseFlags(args, [DATA_FLAG]));
  const progress = new Progress({ title: "Compacting" });
  try {
    const { before, after } = await compactStore(
      folder,
      (done, all) => progress.step(done, all, "rows"),
    );
    progress.end();
    print(
      `Compacted the store in ${folder}: ${formatBytes(before)} before, ${
        formatBytes(after)
      } now\n`,
    );
  } finally {
    progress.end();
  }
  return EXIT.ok;
}
