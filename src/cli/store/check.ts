import { EXIT } from "../../core/errors.ts";
import { checkStore, type StoreProblem } from "../../store/backup/check.ts";
import { parseFlags } from "../../terminal/flags.ts";
import { print } from "../../terminal/output.ts";
import { Progress } from "../../terminal/progress.ts";
import { DATA_FLAG, storeFolder } from "./flags.ts";

/** Problems of one kind that are named one by one; those beyond are only counted. */
const NAMED = 20;

/** The command `store check`. */
export async function storeCheck(args: readonly string[]): Promise<number> {
  const folder = storeFolder(parseFlags(args, [DATA_FLAG]));
  const progress = new Progress({ title: "Checking" });
  const found = new Map<string, number[]>();
  const counts = new Map<string, number>();
  await checkStore(folder, {
    step: (done, all) => progress.step(done, all, "rows"),
    problem: ({ where, row, problem }: StoreProblem) => {
      const kind = `${where}: ${problem}`;
      const rows = found.get(kind) ?? [];
      found.set(kind, rows);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (row !== undefined && rows.length < NAMED) rows.push(row);
    },
  });
  progress.end();
  let text = "";
  let all = 0;
  for (const [kind, rows] of found) {
    const count = counts.get(kind)!;
    const more = count > rows.length ? ", ..." : "";
    text += rows.length === 0
      ? `${kind}\n`
      : `${kind} (${count} ${count === 1 ? "row" : "rows"}: ${
        rows.join(", ")
      }${more})\n`;
    all += count;
  }
  print(
    all === 0
      ? `The store in ${folder} is sound\n`
      : `${text}The store in ${folder} is not sound: ${all} ${
        all === 1 ? "problem" : "problems"
      } found; what is damaged is set aside when the broker starts\n`,
  );
  return all === 0 ? EXIT.ok : EXIT.failed;
}
