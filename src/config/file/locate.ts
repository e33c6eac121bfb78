/** Where the keys and values of a TOML text stand, which the parser does not tell. */

/** The names of the keys that lead to a value, with indexes in arrays. */
export type KeyPath = readonly (string | number)[];

/** Where a key and its value begin, as indexes in the text. */
interface Entry {
  readonly key: number;
  readonly value: number;
}

const BLANK = /[ \t]*/y;
const VOID = /(?:[ \t\r\n]|#[^\n]*)*/y;
const BARE_KEY = /[^\s.=\]#"',{}[]+/y;
const STRING =
  /"""(?:\\[\s\S]|[^\\])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y;
const OTHER_VALUE = /[^,\]}#\r\n]*/y;

/**
 * The positions in a text that the parser has found to be TOML. Of any other text it finds what it can, and never
 * throws.
 */
export class Locator {
  readonly #text: string;
  readonly #entries = new Map<string, Entry>();
  /** How many tables each array has so far, by its path. */
  readonly #counts = new Map<string, number>();
  #at = 0;

  /** Reads the text through once. */
  constructor(text: string) {
    this.#text = text;
    let table: KeyPath = [];
    for (this.#skip(VOID); this.#at < text.length; this.#skip(VOID)) {
      const start = this.#at;
      if (text[this.#at] === "[") table = this.#header();
      else this.#pair(table);
      // Whatever it is, it is gone by.
      if (this.#at === start) this.#at++;
    }
  }

  /** Where the key of a path stands; if it stands nowhere by itself, what it is in. */
  key(path: KeyPath): number {
    return this.#find(path)?.key ?? 0;
  }

  /** Where the value of a path begins; if it stands nowhere by itself, what it is in. */
  value(path: KeyPath): number {
    const entry = this.#entries.get(JSON.stringify(path));
    return entry?.value ?? this.key(path);
  }

  #find(path: KeyPath): Entry | undefined {
    for (let length = path.length; length > 0; length--) {
      const entry = this.#entries.get(JSON.stringify(path.slice(0, length)));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Reads `[a.b]` or `[[a.b]]` and returns the path of the table that begins there. */
  #header(): KeyPath {
    const start = this.#at;
    const isArray = this.#text.startsWith("[[", start);
    this.#at += isArray ? 2 : 1;
    const keys = this.#keys();
    this.#skip(BLANK);
    while (this.#text[this.#at] === "]") this.#at++;
    let path: KeyPath = [];
    for (const [index, { name }] of keys.entries()) {
      path = [...path, name];
      const id = JSON.stringify(path);
      const isNew = isArray && index === keys.length - 1;
      const count = (this.#counts.get(id) ?? 0) + (isNew ? 1 : 0);
      const { at } = keys[index]!;
      this.#note(path, { key: at, value: start });
      if (count === 0) continue;
      this.#counts.set(id, count);
      path = [...path, count - 1];
      this.#note(path, { key: at, value: start });
    }
    return path;
  }

  /** Reads `key = value` in a table. */
  #pair(table: KeyPath): void {
    const keys = this.#keys();
    this.#skip(BLANK);
    if (this.#text[this.#at] !== "=") {
      this.#skip(OTHER_VALUE);
      return;
    }
    this.#at++;
    this.#skip(BLANK);
    let path = table;
    for (const { name, at } of keys) {
      path = [...path, name];
      this.#note(path, { key: at, value: this.#at });
    }
    this.#value(path);
  }

  #value(path: KeyPath): void {
    const first = this.#text[this.#at];
    if (first === "[") this.#array(path);
    else if (first === "{") this.#inlineTable(path);
    else if (first === '"' || first === "'") {
      if (!this.#skip(STRING)) this.#skip(OTHER_VALUE);
    } else this.#skip(OTHER_VALUE);
  }

  #array(path: KeyPath): void {
    this.#at++;
    for (let index = 0; this.#goesOn("]"); index++) {
      const item = [...path, index];
      this.#note(item, { key: this.#at, value: this.#at });
      this.#value(item);
    }
  }

  #inlineTable(path: KeyPath): void {
    this.#at++;
    while (this.#goesOn("}")) this.#pair(path);
  }

  /** Skips to the next part of an array or inline table; `false` behind its end. */
  #goesOn(end: string): boolean {
    this.#skip(VOID);
    while (this.#text[this.#at] === ",") {
      this.#at++;
      this.#skip(VOID);
    }
    const next = this.#text[this.#at];
    // What cannot begin a part ends it, as the end of the text does.
    if (next !== undefined && !"]}".includes(next)) return true;
    if (next === end) this.#at++;
    return false;
  }

  #keys(): { readonly name: string; readonly at: number }[] {
    const keys: { name: string; at: number }[] = [];
    for (;;) {
      this.#skip(BLANK);
      const at = this.#at;
      const isQuoted = this.#text[at] === '"' || this.#text[at] === "'";
      if (!this.#skip(isQuoted ? STRING : BARE_KEY)) return keys;
      const text = this.#text.slice(at, this.#at);
      keys.push({ name: isQuoted ? unquote(text) : text, at });
      this.#skip(BLANK);
      if (this.#text[this.#at] !== ".") return keys;
      this.#at++;
    }
  }

  /** Keeps the first place of each path. */
  #note(path: KeyPath, entry: Entry): void {
    const id = JSON.stringify(path);
    if (!this.#entries.has(id)) this.#entries.set(id, entry);
  }

  /** Goes by what matches here; `false` if nothing does. */
  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const length = pattern.exec(this.#text)?.[0].length ?? 0;
    this.#at += length;
    return length > 0;
  }
}

/** The name that a quoted key stands for. */
function unquote(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1);
  try {
    const json = text.replace(
      /\\(?:U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|e)/g,
      (_, long?: string, short?: string) =>
        JSON.stringify(
          String.fromCodePoint(parseInt(long ?? short ?? "1b", 16)),
        ).slice(1, -1),
    );
    return JSON.parse(json);
  } catch {
    return text.slice(1, -1);
  }
}
