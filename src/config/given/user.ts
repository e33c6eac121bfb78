import type { ScopedLimits } from "../../core/scoped_limits.ts";
import { type Fault, type Origin, valueFault } from "./fault.ts";
import { USER_LIMITS } from "../settings/limits.ts";
import { readQuery } from "./query.ts";
import { SettingError } from "../settings/setting.ts";

/** Reads `NAME?max_connections=5`, unless something is wrong with it, which is added to `faults`. */
export function readGivenUser(
  text: string,
  place: Origin,
  faults: Fault[],
): readonly [name: string, limits: ScopedLimits] | undefined {
  const before = faults.length;
  const refuse = (message: string) =>
    faults.push(valueFault(place, "user", text, message));
  const query = readQuery(text, USER_LIMITS, "a user");
  for (const { message } of query.faults) refuse(message);
  const limits: Partial<Record<keyof ScopedLimits, number>> = {};
  for (const field of USER_LIMITS) {
    const texts = query.texts.get(field.name);
    if (texts === undefined) continue;
    try {
      limits[field.key] = field.parse(texts);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      refuse(`${field.name}: ${error.message}`);
    }
  }
  const name = decodeName(query.base);
  if (name === undefined || name === "") {
    refuse("before ? stands the name of a user");
    return undefined;
  }
  if (query.texts.size === 0 && query.faults.length === 0) {
    const names = USER_LIMITS.map(({ name }) => name).join(", ");
    refuse(`behind the name stands ? and one of ${names}`);
  }
  return faults.length > before ? undefined : [name, limits];
}

function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
