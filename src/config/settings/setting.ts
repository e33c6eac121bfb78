/** What one setting is: how it is written in a file and as text, what is allowed, what it is for. */

import type { LimitUnit } from "../../core/limits.ts";
import { nearest } from "../../core/nearest.ts";
import {
  formatQuantity,
  guessQuantity,
  parseQuantity,
  QUANTITY_FORMS,
} from "./quantity.ts";

/** A value that is not allowed. */
export class SettingError extends Error {
  /** The value that is meant, of several. */
  readonly text: string;
  /** What was probably meant. */
  readonly guess: string | undefined;

  /** Takes the value, a sentence without its beginning that says what is allowed, and what was probably meant. */
  constructor(text: string, allowed: string, guess?: string) {
    super(allowed);
    this.name = "SettingError";
    this.text = text;
    this.guess = guess;
  }
}

/** How a value stands in a configuration file. */
export interface Form {
  /** What a value of this form is called. */
  readonly name: string;
  /** The texts that say the same in a flag; `undefined` where the value is of another form. */
  readonly texts: (value: unknown) => readonly string[] | undefined;
  /** How a text is written in a file. */
  readonly literal: (text: string) => string;
}

const quoted = (text: string): string => JSON.stringify(text);
const bare = (text: string): string => text;

/** The forms of values. */
export const FORMS = {
  /** `true` and `false`. */
  switch: {
    name: "true or false, without quotes",
    texts: (value) => typeof value === "boolean" ? [String(value)] : undefined,
    literal: bare,
  },
  /** A number. */
  number: {
    name: "a number, without quotes",
    texts: (value) => typeof value === "number" ? [String(value)] : undefined,
    literal: bare,
  },
  /** A number with or without a unit. */
  quantity: {
    name: "a number, or text in quotes with a unit",
    texts: (value) =>
      typeof value === "number" || typeof value === "string"
        ? [String(value)]
        : undefined,
    literal: (text) => /^\d+$/.test(text) ? text : quoted(text),
  },
  /** A text. */
  text: {
    name: "text in quotes",
    texts: (value) => typeof value === "string" ? [value] : undefined,
    literal: quoted,
  },
  /** Several texts; a single one may stand without brackets. */
  texts: {
    name: "texts in quotes, in brackets",
    texts: (value) => {
      if (typeof value === "string") return [value];
      if (!Array.isArray(value) || value.length === 0) return undefined;
      return value.every((one) => typeof one === "string") ? value : undefined;
    },
    literal: (text) => `[${quoted(text)}]`,
  },
} satisfies Record<string, Form>;

/** One setting, wherever it stands. */
export interface Field<Value = unknown> {
  /** Its name in a file. */
  readonly name: string;
  /** What it does: lower case, no full stop. */
  readonly help: string;
  /** A value to show, as text. */
  readonly example: string;
  /** What holds if it is not given. */
  readonly defaultText?: string | undefined;
  /** What is allowed, in words that follow a semicolon. */
  readonly allowed: string;
  /** The same as a noun, where it is known: `a whole number from 1 to 10`. */
  readonly range?: string | undefined;
  /** How it is written in a file. */
  readonly form: Form;
  /** Whether it names a file or folder, which in a configuration file is sought from that file's folder on. */
  readonly isPath?: boolean | undefined;
  /** Reads texts, of which all but `texts` take one. Throws a {@linkcode SettingError}. */
  readonly parse: (texts: readonly string[]) => Value;
}

/** One of the settings beside listeners and users: a key of the file, a variable, a flag. */
export interface Setting<Value = unknown> extends Field<Value> {
  /** The flag's name without its dashes. */
  readonly flag: string;
  /** What stands for its value in `--help`; a switch has none. */
  readonly placeholder?: string | undefined;
  /** Whether the flag may be given more than once. */
  readonly repeatable?: boolean | undefined;
  /** The heading under which `--help` shows it. */
  readonly group?: string | undefined;
  /** Whether a reload changes it, or only a new start. */
  readonly takesEffect: "now" | "at restart";
}

/** A setting with a value that holds where none is given. */
export interface DefaultedSetting<Value = unknown> extends Setting<Value> {
  /** What holds then. */
  readonly default: Value;
}

/** The value that a setting has after all sources were read. */
export type SettingValue<Given extends Setting> = Given extends
  DefaultedSetting<infer Value> ? Value
  : Given extends Setting<infer Value> ? Value | undefined
  : never;

/** What makes a kind of value: the rest of a {@linkcode Field} is said for each setting. */
export type Kind<Value> = Pick<
  Field<Value>,
  "form" | "allowed" | "range" | "parse"
>;

/** `true` or `false`. */
export const SWITCH: Kind<boolean> = {
  form: FORMS.switch,
  allowed: "true or false is allowed",
  range: "true or false",
  parse: ([text = ""]) => {
    if (text === "true" || text === "false") return text === "true";
    const guess = /^(?:1|yes|on|true)$/i.test(text)
      ? "true"
      : /^(?:0|no|off|false)$/i.test(text)
      ? "false"
      : undefined;
    throw new SettingError(text, SWITCH.allowed, guess);
  },
};

/** A file or folder. */
export function path(what: "file" | "folder"): Kind<string> {
  const allowed = `the name of a ${what} is allowed`;
  return {
    form: FORMS.text,
    allowed,
    parse: ([text = ""]) => {
      if (text !== "" && !text.includes("\0")) return text;
      throw new SettingError(text, allowed);
    },
  };
}

/** One of several words; `allowed` introduces them, as in "allowed are". */
export function choice<Word extends string>(
  words: readonly Word[],
  introduction = "allowed are",
): Kind<Word> {
  const range = list(words);
  const allowed = `${introduction} ${range}`;
  return {
    form: FORMS.text,
    allowed,
    range,
    parse: ([text = ""]) => {
      const word = words.find((one) => one === text);
      if (word !== undefined) return word;
      throw new SettingError(text, allowed, nearest(text, words));
    },
  };
}

/** What a quantity may be. */
export interface Range {
  /** How it is counted. */
  readonly unit: LimitUnit;
  /** The least value, in the unit. */
  readonly minimum: number;
  /** The greatest value, in the unit. */
  readonly maximum: number;
  /** A value that is written as the word `never`. */
  readonly never?: number | undefined;
}

/** A quantity within a range. */
export function quantity(
  { unit, minimum, maximum, never }: Range,
): Kind<number> {
  const isIn = (value: number) => value >= minimum && value <= maximum;
  const range = `${QUANTITY_FORMS[unit]} from ${
    formatQuantity(minimum, unit)
  } to ${formatQuantity(maximum, unit)}${
    never === undefined ? "" : ", or never,"
  }`;
  const allowed = `${range} is allowed`;
  return {
    form: unit === "count" ? FORMS.number : FORMS.quantity,
    allowed,
    range: range.replace(/,$/, ""),
    parse: ([text = ""]) => {
      if (never !== undefined && text === "never") return never;
      const value = parseQuantity(text, unit);
      if (value !== undefined && isIn(value)) return value;
      const guess = value === undefined ? guessQuantity(text, unit) : undefined;
      throw new SettingError(
        text,
        allowed,
        guess !== undefined && isIn(parseQuantity(guess, unit)!)
          ? guess
          : undefined,
      );
    },
  };
}

/** Words in a sentence: `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
