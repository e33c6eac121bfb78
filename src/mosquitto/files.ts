import { parsePasswordFile } from "../auth/passwords/file.ts";
import { parseRuleFile } from "../auth/rules/file.ts";
import { describeError } from "../core/errors.ts";
import type { ImportDraft, Verdict } from "./draft.ts";
import { beside, type Directive, type ImportFiles } from "./lines.ts";

/** Faults of one file that have a line each. */
const MOST_SHOWN = 5;

/** Looks at password and rules files, and says of each whether it can stay as it is. */
export class FileInspector {
  readonly #files: ImportFiles;
  readonly #draft: ImportDraft;

  /** Takes how files are read, and the table. */
  constructor(files: ImportFiles, draft: ImportDraft) {
    this.#files = files;
    this.#draft = draft;
  }

  /** Looks at a password file, and says that it becomes `text`. */
  async users(option: Directive, text: string): Promise<void> {
    const path = beside(option.file, option.value);
    await this.#inspect(option, text, (bytes) => {
      const { entries, faults } = parsePasswordFile(bytes);
      return {
        count: plural(entries.size, "user"),
        faults: faults.map(({ line, column, message }) =>
          `${path}:${line}:${column}: ${message}`
        ),
      };
    });
  }

  /** Looks at a file of rules, and says that it becomes `text`. */
  async rules(option: Directive, text: string): Promise<void> {
    const path = beside(option.file, option.value);
    await this.#inspect(option, text, (bytes) => {
      const { rules, faults } = parseRuleFile(bytes, path);
      return {
        count: plural(rules.length, "rule"),
        faults: faults.map(({ line, column, message, hint }) =>
          `${path}:${line}:${column}: ${message}${
            hint === undefined ? "" : `; ${hint}`
          }`
        ),
      };
    });
  }

  async #inspect(
    option: Directive,
    text: string,
    look: (bytes: Uint8Array) => { count: string; faults: readonly string[] },
  ): Promise<void> {
    const note = (verdict: Verdict, end: string) =>
      this.#draft.note(option, verdict, `${text}: ${end}`);
    let bytes: Uint8Array;
    try {
      bytes = await this.#files.read(beside(option.file, option.value));
    } catch (error) {
      return note("put right", `it cannot be read: ${describeError(error)}`);
    }
    const { count, faults } = look(bytes);
    if (faults.length === 0) return note("taken over", `${count}, as it is`);
    note("put right", `${plural(faults.length, "fault")} in it`);
    for (const fault of faults.slice(0, MOST_SHOWN)) {
      this.#draft.note(option, "put right", fault);
    }
  }
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
