import { table } from "./help.ts";
import { USER_LIMITS } from "./limit_settings.ts";
import { LISTENER_FIELDS } from "./listener_fields.ts";
import type { Field } from "./setting.ts";

/** The part of a help text about what stands in the values of `--listen` and `--user`. */
export function listenerHelp(): string {
  const users = USER_LIMITS.map(({ name }) => name).join(", ");
  return `\nSettings of a listener, behind ? in its URL and with & between them:\n${
    table(LISTENER_FIELDS.map((field) => [field.name, textOf(field)]))
  }\nLimits of a user:\n${table([["", users]])}`;
}

function textOf({ help, defaultText }: Field): string {
  return defaultText === undefined ? help : `${help} (default: ${defaultText})`;
}
