import { parseRuleFile } from "../auth/rule_file.ts";
import type { Fault } from "./fault.ts";
import type { Settings } from "./settings.ts";

/** Says what is wrong in the file with the access rules. */
export async function checkRules(
  { rules }: Pick<Settings, "rules">,
): Promise<Fault[]> {
  if (rules === undefined) return [];
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(rules);
  } catch {
    return [];
  }
  return parseRuleFile(bytes, rules).faults.map((
    { line, column, message, hint },
  ) => ({
    place: { type: "file", file: rules, line, column },
    what: message,
    allowed: hint,
  }));
}
