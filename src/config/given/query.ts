import { nearest } from "../../core/nearest.ts";
import { type Field, FORMS } from "../settings/setting.ts";

/** What is wrong with a query: a sentence without its beginning. */
export interface QueryFault {
  /** The setting that is meant. */
  readonly name: string;
  /** What is wrong. */
  readonly message: string;
}

/** What stands behind the `?` of a text: the texts of each setting, and what is wrong. */
export interface Query {
  /** What stands before the `?`. */
  readonly base: string;
  /** The texts of each setting, by its name. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** What is wrong. */
  readonly faults: readonly QueryFault[];
}

/**
 * Reads `base?name=text&name=text`, where `%` and two hexadecimal digits stand for a byte, and commas between several
 * texts. `what` says who has the settings, as in "a listener".
 */
export function readQuery(
  whole: string,
  fields: readonly Field[],
  what: string,
): Query {
  const at = whole.indexOf("?");
  if (at < 0) return { base: whole, texts: new Map(), faults: [] };
  const texts = new Map<string, readonly string[]>();
  const faults: QueryFault[] = [];
  const refuse = (name: string, message: string) =>
    faults.push({ name, message });
  for (const part of whole.slice(at + 1).split("&")) {
    if (part === "") continue;
    const [, name = "", text = ""] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
    const field = fields.find((one) => one.name === name);
    if (field === undefined) {
      refuse(name, unknownSetting(name, fields, what));
    } else if (texts.has(name)) {
      refuse(name, `${name} is given twice`);
    } else {
      const isList = field.form === FORMS.texts;
      try {
        const parts = isList ? text.split(",") : [text];
        texts.set(name, parts.map((one) => decodeURIComponent(one)));
      } catch {
        refuse(
          name,
          `${
            JSON.stringify(text)
          } has a % that no two hexadecimal digits follow; write %25 for the sign itself`,
        );
      }
    }
  }
  return { base: whole.slice(0, at), texts, faults };
}

function unknownSetting(
  name: string,
  fields: readonly Field[],
  what: string,
): string {
  const names = fields.map((one) => one.name);
  const guess = nearest(name, names);
  return `there is no setting ${JSON.stringify(name)}: ${
    guess === undefined
      ? `${what} has ${names.join(", ")}`
      : `did you mean ${guess}?`
  }`;
}
