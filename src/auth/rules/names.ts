import type { Rule } from "./file.ts";
import { type Names, PLACEHOLDERS } from "./tree.ts";

/**
 * What a client puts in the place of `%c` and `%u`. A name that is empty, or with `/`, `+` or `#` in it, would say more
 * than one level, or all of them: it is put nowhere. (mosquitto takes `/` as it is, and for `+` and `#` in one of the
 * names it refuses all that any pattern allows.)
 */
export function namesOf(
  user: string | undefined,
  clientId: string | undefined,
): Names {
  return { client: fitting(clientId), user: fitting(user) };
}

function fitting(name: string | undefined): string | undefined {
  return name === undefined || nameFault(name) !== undefined ? undefined : name;
}

/** What keeps a name from standing for a level of a topic, as the end of a sentence. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  const at = name.search(/[/+#\0]/);
  if (at < 0) return undefined;
  return name[at] === "\0" ? "has a null character" : `has a ${name[at]} in it`;
}

/**
 * Whether a pattern says something of a client, but what cannot be said, because of how its name is written. A user's
 * name that is not there is none such: `%u` says nothing of anonymous clients.
 */
export function isUnspeakable(
  { filter }: Rule,
  user: string | undefined,
  clientId: string | undefined,
): boolean {
  const names = filter.split("/").map((level) => PLACEHOLDERS.get(level));
  if (user === undefined && names.includes("user")) return false;
  return names.some((name, at) => {
    const value = name === "client" ? clientId : name && user;
    return value !== undefined &&
      (nameFault(value) !== undefined || at === 0 && value.startsWith("$"));
  });
}
