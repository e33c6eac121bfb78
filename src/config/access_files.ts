import { parsePasswordFile } from "../auth/passwords/file.ts";
import { parseRuleFile } from "../auth/rules/file.ts";
import { RuleSet } from "../auth/rules/set.ts";
import { Users } from "../auth/passwords/users.ts";
import { describeError } from "../core/errors.ts";
import type { Fault } from "./given/fault.ts";
import type { Settings } from "./settings/settings.ts";

/** What the files say that tell who may come in, and who may do what, as they are at one moment. */
export interface AccessFiles {
  /** Users, by the name of their file. */
  readonly users: ReadonlyMap<string, Users>;
  /** The rules; `undefined` where there are none, and everything is allowed. */
  readonly rules: RuleSet | undefined;
  /** All that is wrong with them. Where anything is, they are not to be used. */
  readonly faults: readonly Fault[];
}

/** Reads them all. */
export async function readAccessFiles(
  settings: Settings,
): Promise<AccessFiles> {
  const faults: Fault[] = [];
  const users = new Map<string, Users>();
  const paths = settings.listeners.flatMap((plan) => plan.users ?? []);
  for (const path of new Set(paths)) {
    const bytes = await read(path, faults);
    if (bytes === undefined) continue;
    const file = parsePasswordFile(bytes);
    for (const { line, column, message } of file.faults) {
      faults.push({
        place: { type: "file", file: path, line, column },
        what: message,
      });
    }
    users.set(path, new Users(file));
  }
  let rules: RuleSet | undefined;
  if (settings.rules !== undefined) {
    const bytes = await read(settings.rules, faults);
    const file = bytes && parseRuleFile(bytes, settings.rules);
    for (const { line, column, message, hint } of file?.faults ?? []) {
      faults.push({
        place: { type: "file", file: settings.rules, line, column },
        what: message,
        allowed: hint,
      });
    }
    if (file?.faults.length === 0) rules = new RuleSet(file);
  }
  return { users, rules, faults };
}

async function read(
  file: string,
  faults: Fault[],
): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    faults.push({
      place: { type: "file", file },
      what: `it cannot be read: ${describeError(error)}`,
    });
    return undefined;
  }
}
