import type { BuildInfo } from "../../src/terminal/build_info.ts";
import { runCommand } from "./run_command.ts";

/** From which commit this checkout is. The day is the commit's, so that the same commit makes the same program. */
export async function commitInfo(): Promise<BuildInfo> {
  const [commit, date] = (await runCommand("git", [
    "log",
    "-1",
    "--format=%h %cs",
    "--abbrev=12",
  ])).trim().split(" ");
  const changes = await runCommand("git", ["status", "--porcelain"]);
  return {
    commit: `${commit}${changes === "" ? "" : "+changes"}`,
    date: date!,
  };
}
