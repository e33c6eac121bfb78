import { type Fault, valueFault } from "./given/fault.ts";
import { Given } from "./given/given.ts";
import { nearest } from "../core/nearest.ts";
import { SettingError } from "./settings/setting.ts";
import { ALL_SETTINGS, variableOf } from "./settings/table.ts";
import { readMany } from "./flags.ts";

/** How the names of our variables begin. */
const PREFIX = "MAILBOXQTT_";

/** The variable that says the same as `--config`. */
export const CONFIG_VARIABLE = "MAILBOXQTT_CONFIG";
const LISTEN_VARIABLE = "MAILBOXQTT_LISTEN";
const USER_VARIABLE = "MAILBOXQTT_USER";

/** What Kubernetes sets for a service of our name, and the password for `pub` and `sub`: they say nothing to a broker. */
const FOREIGN =
  /^MAILBOXQTT_(?:(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_|$)|PASSWORD$)/;

/** Variables of the environment, by their names. */
export type Variables = Readonly<Record<string, string>>;

/** All variables that this process may see. */
export function processVariables(): Variables {
  // Asked first, since asking for what is not granted would stop and ask the user.
  const { state } = Deno.permissions.querySync({ name: "env" });
  return state === "granted" ? Deno.env.toObject() : {};
}

/** What the environment says. A variable without a text in it counts as not set. */
export function givenByVariables(variables: Variables): Given {
  const given = new Given();
  const known = new Set([CONFIG_VARIABLE, LISTEN_VARIABLE, USER_VARIABLE]);
  for (const setting of ALL_SETTINGS) {
    const variable = variableOf(setting.name);
    known.add(variable);
    const text = variables[variable]?.trim();
    if (!text) continue;
    const place = { type: "variable", variable } as const;
    try {
      const texts = setting.repeatable ? words(text)! : [text];
      given.set(setting, setting.parse(texts), place);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      const { text, message, guess } = error;
      given.refuse(
        setting,
        valueFault(place, setting.name, text, message, guess),
      );
    }
  }
  readMany(
    given,
    words(variables[LISTEN_VARIABLE]),
    words(variables[USER_VARIABLE]) ?? [],
    (name) => ({ type: "variable", variable: variableOf(name) }),
  );
  for (const variable of Object.keys(variables)) {
    const isOurs = variable.startsWith(PREFIX) && !FOREIGN.test(variable);
    if (isOurs && !known.has(variable)) {
      given.faults.push(unknownVariable(variable, [...known]));
    }
  }
  return given;
}

function unknownVariable(variable: string, known: readonly string[]): Fault {
  const guess = nearest(
    variable.slice(PREFIX.length).toLowerCase(),
    known.map((one) => one.slice(PREFIX.length).toLowerCase()),
  );
  // Somebody has left out the section.
  const whole = known.find((one) =>
    one.endsWith(variable.slice(PREFIX.length - 1))
  );
  return {
    place: { type: "variable", variable },
    what: `Unknown variable ${variable}`,
    ...(whole !== undefined
      ? { guess: whole }
      : guess !== undefined
      ? { guess: `${PREFIX}${guess.toUpperCase()}` }
      : { allowed: "mailboxqtt config reference lists all variables" }),
  };
}

/** What blanks separate; `undefined` where there is nothing. */
function words(text: string | undefined): readonly string[] | undefined {
  const all = text?.split(/\s+/).filter((word) => word !== "") ?? [];
  return all.length === 0 ? undefined : all;
}
