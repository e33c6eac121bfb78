/** What a configuration file may hold, made from the tables of settings, and checked with valibot. */

import * as v from "valibot";
import type { KeyPath } from "./locate.ts";
import { showValue } from "../given/fault.ts";
import { USER_LIMITS } from "../settings/limits.ts";
import { LISTENER_FIELDS } from "../listeners/fields.ts";
import { nearest } from "../../core/nearest.ts";
import { type Field, FORMS, SettingError } from "../settings/setting.ts";
import { ALL_SETTINGS } from "../settings/table.ts";

/** A table of a configuration file. */
export type Table = Readonly<Record<string, unknown>>;

/** What a part of a file may hold. */
type Shape =
  /** A table with these keys. */
  | { readonly type: "table"; readonly entries: ReadonlyMap<string, Shape> }
  /** An array of tables. */
  | { readonly type: "tables"; readonly item: Shape }
  /** A table with keys of any name. */
  | { readonly type: "names"; readonly item: Shape }
  /** A value. */
  | {
    readonly type: "field";
    readonly field: Field;
    readonly isNeeded: boolean;
  };

/** The URL of a listener, which its transport's code reads. */
export const URL_FIELD: Field<string> = {
  name: "url",
  help: "where to listen: mqtt://, mqtts://, ws://, wss:// or unix://",
  example: "mqtt://127.0.0.1:1883",
  allowed: 'a URL such as "mqtt://127.0.0.1:1883" is allowed',
  form: FORMS.text,
  parse: ([text = ""]) => text,
};

const ROOT: Shape = rootShape();

/** Something that is wrong in a file. */
export interface SchemaFault {
  /** Where. */
  readonly path: KeyPath;
  /** Which of the values at that path it is, by its index. */
  readonly item?: number | undefined;
  /** Whether it is the key that is wrong, or its value. */
  readonly part: "key" | "value";
  /** What is wrong. */
  readonly what: string;
  /** What is allowed. */
  readonly allowed?: string;
  /** What was probably meant. */
  readonly guess?: string;
}

/** Everything that is wrong with what a file holds, each setting looked at by itself. */
export function checkShape(root: Table): SchemaFault[] {
  const { issues = [] } = v.safeParse(schemaOf(ROOT), root);
  const faults = issues.map(faultOf);
  return [...unknownKeys(ROOT, root, []), ...faults];
}

/** The name of what a path leads to, as it stands in a file: `listener.url`. */
export function nameOf(path: KeyPath): string {
  return path.filter((part) => typeof part === "string")
    .map((part) => /^[\w-]+$/.test(part) ? part : JSON.stringify(part))
    .join(".");
}

/** Whether a value is a table. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof Date);
}

function rootShape(): Shape {
  const root = new Map<string, Shape>([
    ["listener", {
      type: "tables",
      item: tableOf([URL_FIELD, ...LISTENER_FIELDS], URL_FIELD),
    }],
    ["user", { type: "names", item: tableOf(USER_LIMITS) }],
  ]);
  for (const setting of ALL_SETTINGS) {
    const [first = "", second] = setting.name.split(".");
    if (second === undefined) root.set(first, fieldShape(setting));
    else {
      const section = root.get(first);
      const entries = new Map(section?.type === "table" ? section.entries : []);
      entries.set(second, fieldShape(setting));
      root.set(first, { type: "table", entries });
    }
  }
  return { type: "table", entries: root };
}

function tableOf(fields: readonly Field[], needed?: Field): Shape {
  return {
    type: "table",
    entries: new Map(
      fields.map((field) => [field.name, fieldShape(field, field === needed)]),
    ),
  };
}

function fieldShape(field: Field, isNeeded = false): Shape {
  return { type: "field", field, isNeeded };
}

function schemaOf(shape: Shape): v.GenericSchema {
  switch (shape.type) {
    case "table":
      return v.pipe(
        v.custom<Table>(isTable, "a table is needed"),
        v.object(
          Object.assign(
            Object.create(null),
            Object.fromEntries(
              [...shape.entries].map(([name, entry]) => {
                const isNeeded = entry.type === "field" && entry.isNeeded;
                const schema = schemaOf(entry);
                return [name, isNeeded ? schema : v.optional(schema)];
              }),
            ),
          ),
          "it is needed",
        ),
      );
    case "tables":
      return v.array(
        schemaOf(shape.item),
        "a table in double brackets is needed for each: [[listener]]",
      );
    case "names":
      return v.pipe(
        v.custom<Table>(isTable, "a table is needed for each: [user.NAME]"),
        v.record(v.string(), schemaOf(shape.item)),
      );
    case "field":
      return v.pipe(
        v.unknown(),
        v.rawCheck((check) => checkField(shape, check)),
      );
  }
}

/** A step of a path to one of several values. */
type Item = v.ArrayPathItem;

/** Looks at one value. What was probably meant goes along as what is expected. */
function checkField(
  { field }: Extract<Shape, { type: "field" }>,
  { dataset, addIssue }: Parameters<
    Parameters<typeof v.rawCheck<unknown>>[0]
  >[0],
): void {
  if (!dataset.typed) return;
  const texts = field.form.texts(dataset.value);
  if (texts === undefined) {
    const guess = guessForm(field, dataset.value);
    addIssue({ message: field.allowed, ...(guess && { expected: guess }) });
    return;
  }
  try {
    field.parse(texts);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const { message, text, guess } = error;
    const expected = guess === undefined
      ? {}
      : { expected: field.form.literal(guess) };
    const input = dataset.value;
    if (Array.isArray(input)) {
      const key = input.lastIndexOf(text);
      const item = { type: "array", origin: "value", input, key, value: text };
      addIssue({ message, input: text, path: [item as Item], ...expected });
    } else addIssue({ message, input, ...expected });
  }
}

/** What was probably meant by a value of another form: the same without quotes, or in them. */
function guessForm(field: Field, value: unknown): string | undefined {
  if (!["string", "number", "boolean"].includes(typeof value)) return undefined;
  const text = String(value);
  try {
    field.parse([text]);
    return field.form.literal(text);
  } catch (error) {
    return error instanceof SettingError && error.guess !== undefined
      ? field.form.literal(error.guess)
      : undefined;
  }
}

function faultOf(issue: v.BaseIssue<unknown>): SchemaFault {
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  if (issue.received === "undefined") {
    return {
      path,
      part: "key",
      what: `${nameOf(path.slice(0, -1))} has no ${path.at(-1)}`,
      allowed: `add ${URL_FIELD.name} = ${
        URL_FIELD.form.literal(URL_FIELD.example)
      }`,
    };
  }
  const isItem = issue.type === "raw_check" &&
    issue.path?.at(-1)?.type === "array";
  return {
    path: isItem ? path.slice(0, -1) : path,
    item: isItem ? path.at(-1) as number : undefined,
    part: "value",
    what: `${nameOf(path)} cannot be ${showValue(issue.input)}`,
    allowed: issue.message,
    ...(issue.type === "raw_check" && issue.expected !== null &&
      { guess: issue.expected }),
  };
}

/** The keys that are in no table, at any depth. */
function* unknownKeys(
  shape: Shape,
  value: unknown,
  path: KeyPath,
): Generator<SchemaFault> {
  if (shape.type === "field") return;
  if (shape.type === "tables") {
    for (const [index, item] of (Array.isArray(value) ? value : []).entries()) {
      yield* unknownKeys(shape.item, item, [...path, index]);
    }
    return;
  }
  if (!isTable(value)) return;
  for (const name of Object.keys(value)) {
    const inner = [...path, name];
    if (shape.type === "names") {
      if (isPossibleName(name)) {
        yield* unknownKeys(shape.item, value[name], inner);
      } else {
        yield {
          path: inner,
          part: "key",
          what: `No user can have the name ${showValue(name)}`,
        };
      }
      continue;
    }
    const entry = shape.entries.get(name);
    if (entry === undefined) yield unknownKey(name, shape.entries, path);
    else yield* unknownKeys(entry, value[name], inner);
  }
}

/** Whether somebody can have this name. Valibot leaves the names of what all objects have out. */
function isPossibleName(name: string): boolean {
  return name !== "" &&
    !["__proto__", "constructor", "prototype"].includes(name);
}

function unknownKey(
  name: string,
  entries: ReadonlyMap<string, Shape>,
  path: KeyPath,
): SchemaFault {
  const names = [...entries.keys()];
  const guess = nearest(name.replaceAll("-", "_"), names) ?? elsewhere(name);
  const where = path.length === 0 ? "the file" : nameOf(path);
  const what = `${nameOf([...path, name])} is unknown`;
  const inner: SchemaFault = { path: [...path, name], part: "key", what };
  if (guess !== undefined) return { ...inner, guess };
  return names.length > MOST_SHOWN
    ? { ...inner, allowed: "mailboxqtt config reference lists all keys" }
    : { ...inner, allowed: `${where} has ${names.join(", ")}` };
}

/** Most keys that are listed in a fault. */
const MOST_SHOWN = 20;

/** A key of this name that stands in another section. */
function elsewhere(name: string): string | undefined {
  return ALL_SETTINGS.find((one) => one.name.endsWith(`.${name}`))?.name;
}
