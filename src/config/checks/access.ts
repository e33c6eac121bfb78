import { ruleWarnings } from "../../auth/rules/warnings.ts";
import { readAccessFiles } from "../access_files.ts";
import type { Fault } from "../given/fault.ts";
import type { Settings } from "../settings/settings.ts";

/** Says what is wrong in password files and rules; what cannot be read is told elsewhere. */
export async function checkAccess(settings: Settings): Promise<Fault[]> {
  const { faults } = await readAccessFiles(settings);
  return faults.filter(({ place }) =>
    place.type === "file" && place.line !== undefined
  );
}

/** What is odd in them, though nothing that keeps them from being used. */
export async function accessWarnings(settings: Settings): Promise<Fault[]> {
  const { users, rules } = await readAccessFiles(settings);
  const warnings: Fault[] = [];
  for (const [file, known] of users) {
    const without = known.usersWithoutScram();
    if (without.length === 0) continue;
    warnings.push({
      place: { type: "file", file },
      what: `these users cannot log in with SCRAM-SHA-256: ${
        without.join(", ")
      }`,
      allowed: "mailboxqtt passwd gives them keys with a new password",
    });
  }
  if (rules !== undefined) {
    for (const { line, column, message, hint } of ruleWarnings(rules.file)) {
      warnings.push({
        place: { type: "file", file: rules.file.path, line, column },
        what: message,
        allowed: hint,
      });
    }
  }
  return warnings;
}
