import { dirname, isAbsolute, join } from "node:path";
import { parse, TomlError } from "smol-toml";
import type { ScopedLimits } from "../../core/scoped_limits.ts";
import { type KeyPath, Locator } from "./locate.ts";
import { checkShape, isTable, type Table } from "./schema.ts";
import { positionAt } from "./text.ts";
import { byOrigin, type Origin } from "../given/fault.ts";
import type { Given } from "../given/given.ts";
import { type GivenTexts, readGivenListener } from "../listeners/given.ts";
import { USER_LIMITS } from "../settings/limits.ts";
import { LISTENER_FIELDS } from "../listeners/fields.ts";
import type { Field } from "../settings/setting.ts";
import { ALL_SETTINGS } from "../settings/table.ts";

/** Reads the text of a configuration file, and notes in `given` what it says and everything that is wrong. */
export function readToml(text: string, file: string, given: Given): void {
  let root: Table;
  try {
    root = parse(text);
  } catch (error) {
    given.faults.push(syntaxFault(error, text, file));
    return;
  }
  new Reader(root, text, file, given).read();
}

/** One reading of a file that is TOML. */
class Reader {
  readonly #root: Table;
  readonly #text: string;
  readonly #file: string;
  readonly #given: Given;
  readonly #locator: Locator;
  /** Paths of values that are not allowed. */
  readonly #faulty = new Set<string>();

  constructor(root: Table, text: string, file: string, given: Given) {
    this.#root = root;
    this.#text = text;
    this.#file = file;
    this.#given = given;
    this.#locator = new Locator(text);
  }

  read(): void {
    for (const found of checkShape(this.#root)) {
      const { path, item, part, what, allowed, guess } = found;
      this.#faulty.add(JSON.stringify(path));
      const place = this.#place(
        item === undefined ? path : [...path, item],
        part,
      );
      const fault = { place, what, allowed, guess };
      const setting = ALL_SETTINGS.find(({ name }) => name === path.join("."));
      if (setting === undefined) this.#given.faults.push(fault);
      else this.#given.refuse(setting, fault);
    }
    for (const setting of ALL_SETTINGS) {
      const path = setting.name.split(".");
      const texts = this.#texts(setting, path);
      if (texts === undefined) continue;
      const resolved = setting.isPath ? texts.map(this.#resolve) : texts;
      this.#given.set(
        setting,
        setting.parse(resolved),
        this.#place(path, "value"),
      );
    }
    this.#readListeners();
    this.#readUsers();
    this.#given.faults.sort(byOrigin);
  }

  #readListeners(): void {
    const listeners = this.#root["listener"];
    if (!Array.isArray(listeners)) return;
    this.#given.listeners = listeners.flatMap((listener: unknown, index) => {
      const path = ["listener", index];
      if (!isTable(listener)) return [];
      const url = listener["url"];
      if (typeof url !== "string") return [];
      const beside = new Map<string, GivenTexts>();
      let isPartial = false;
      for (const field of LISTENER_FIELDS) {
        const inner = [...path, field.name];
        if (this.#faulty.has(JSON.stringify(inner))) isPartial = true;
        const texts = this.#texts(field, inner);
        if (texts === undefined) continue;
        beside.set(field.name, { texts, place: this.#place(inner, "value") });
      }
      const place = this.#place([...path, "url"], "value");
      const read = readGivenListener(
        { url, place, beside, isPartial, resolve: this.#resolve },
        this.#given.faults,
      );
      return read ?? [];
    });
  }

  #readUsers(): void {
    const users = this.#root["user"];
    if (!isTable(users)) return;
    for (const name of Object.keys(users)) {
      const limits: Partial<Record<keyof ScopedLimits, number>> = {};
      for (const field of USER_LIMITS) {
        const texts = this.#texts(field, ["user", name, field.name]);
        if (texts !== undefined) limits[field.key] = field.parse(texts);
      }
      this.#given.userLimits.set(name, limits);
    }
  }

  /** The texts of a value that is there and is allowed. */
  #texts(
    { form }: Pick<Field, "form">,
    path: KeyPath,
  ): readonly string[] | undefined {
    for (let length = 1; length <= path.length; length++) {
      if (this.#faulty.has(JSON.stringify(path.slice(0, length)))) {
        return undefined;
      }
    }
    let value: unknown = this.#root;
    for (const key of path) {
      if (typeof value !== "object" || value === null) return undefined;
      if (!Object.hasOwn(value, key)) return undefined;
      value = (value as Record<string | number, unknown>)[key];
    }
    return form.texts(value);
  }

  #place(path: KeyPath, part: "key" | "value"): Origin {
    const at = part === "key"
      ? this.#locator.key(path)
      : this.#locator.value(path);
    return {
      type: "file",
      file: this.#file,
      ...positionAt(this.#text, at),
    };
  }

  /** Files that the configuration names are sought from its folder on. */
  readonly #resolve = (path: string): string => {
    const folder = dirname(this.#file);
    return path === "none" || path === "" || isAbsolute(path) || folder === "."
      ? path
      : join(folder, path);
  };
}

/** What the parser has to say, with what is allowed where that helps. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/invalid value/, "text stands in quotes, numbers and true or false without"],
  [/redefine/, "each key and each table stands once"],
  [/end-of-line/, "each key stands on a line of its own"],
  [
    /unfinished string|control characters are not allowed in strings/,
    "text stands in quotes on one line",
  ],
  [/leading zero/, 'write it without, or in quotes such as "0660"'],
  [/end of key|incomplete key|in key|bare key/, "write it as key = value"],
  [/escape/, "write \\\\ for a backslash, or put the text in single quotes"],
  [
    /comma or end of structure|unfinished (?:array|table)/,
    "commas stand between values, and a bracket behind the last",
  ],
  [/table array declaration/, "write it as [[listener]]"],
];

/** Lines of a mosquitto.conf. */
const MOSQUITTO =
  /^(?:listener|port|allow_anonymous|persistence|password_file|acl_file|per_listener_settings) +[^\s=]/m;

function syntaxFault(
  error: unknown,
  text: string,
  file: string,
): Given["faults"][number] {
  const message = error instanceof Error ? error.message : String(error);
  const [first = ""] = message.split("\n");
  const reason = first.replace(/^Invalid TOML document: /, "")
    .replace(/\. aborting\.$/, "");
  const at = error instanceof TomlError
    ? { line: error.line, column: columnOf(text, error.line, error.column) }
    : {};
  return {
    place: { type: "file", file, ...at },
    what: `This is not TOML: ${reason}`,
    allowed: MOSQUITTO.test(text)
      ? "this looks like a file of mosquitto's, which mailboxqtt import takes over"
      : ADVICE.find(([pattern]) => pattern.test(reason))?.[1],
  };
}

/** A column in characters, of one in UTF-16 code units. */
function columnOf(text: string, line: number, column: number): number {
  const content = text.split("\n")[line - 1] ?? "";
  return [...content.slice(0, column - 1)].length + 1;
}
