import type { Health } from "../../admin/health.ts";
import { ask } from "./flags.ts";
import { parseFlags } from "../../terminal/flags.ts";
import { HEALTH_FLAGS } from "./health_flags.ts";
import { print } from "../../terminal/output.ts";

/** The command `health`: whether the broker is well, as an exit status and in a sentence. */
export async function health(args: readonly string[]): Promise<number> {
  const given = parseFlags(args, HEALTH_FLAGS);
  const { alive, ready, reasons } = await ask(given, "health") as Health;
  const isWell = given.switches.has("ready") ? ready : alive;
  print(
    reasons.length === 0
      ? "The broker is well\n"
      : reasons.map((reason) => `${reason}\n`).join(""),
  );
  return isWell ? 0 : 1;
}
