import { table } from "../../terminal/help.ts";
import { USER_LIMITS } from "../settings/limits.ts";
import { LISTENER_FIELDS } from "./fields.ts";
import type { Field } from "../settings/setting.ts";

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
