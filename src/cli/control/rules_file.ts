import { parseRuleFile } from "../../auth/rules/file.ts";
import type { RuleFault } from "../../auth/rules/text.ts";
import { RuleSet } from "../../auth/rules/set.ts";
import { describeError, StartError } from "../../core/errors.ts";

/** Reads a file of access rules. Throws a `StartError` that names each of its faults: one with faults is refused whole. */
export async function readRules(path: string): Promise<RuleSet> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new StartError(`Cannot read ${path}: ${describeError(error)}`);
  }
  const file = parseRuleFile(bytes, path);
  if (file.faults.length === 0) return new RuleSet(file);
  const lines = file.faults.map((fault) => `\n${ruleFaultLine(path, fault)}`);
  throw new StartError(`Cannot use the rules in ${path}:${lines.join("")}`);
}

/** A fault or warning with its place: `FILE:LINE:COLUMN: message; hint`. */
export function ruleFaultLine(
  path: string,
  { line, column, message, hint }: RuleFault,
): string {
  const end = hint === undefined ? "" : `; ${hint}`;
  return `${path}:${line}:${column}: ${message}${end}`;
}
