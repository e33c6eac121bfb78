import type { LimitUnit } from "../../core/limits.ts";

/** Suffixes of each unit, from the largest, with what they multiply by. `""` allows a plain number. */
const SUFFIXES: Readonly<
  Record<LimitUnit, readonly (readonly [string, number])[]>
> = {
  count: [["", 1]],
  percent: [["%", 1], ["", 1]],
  bytes: [["GiB", 1024 ** 3], ["MiB", 1024 ** 2], ["KiB", 1024], ["", 1]],
  milliseconds: [["h", 3_600_000], ["m", 60_000], ["s", 1_000], ["ms", 1]],
  seconds: [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]],
};

/** How values of a unit are written, to stand behind "write it as". */
export const QUANTITY_FORMS: Readonly<Record<LimitUnit, string>> = {
  count: "a whole number",
  percent: "a whole percentage such as 80%",
  bytes: "a size such as 64KiB, 16MiB or 1048576",
  milliseconds: "a time such as 500ms, 10s or 2m",
  seconds: "a time such as 30s, 10m, 12h or 7d",
};

/**
 * The number that a person wrote, in the unit: `16MiB` in bytes is 16,777,216, `2m` in milliseconds
 * 120,000. `undefined` if it is written in no way of {@linkcode QUANTITY_FORMS}; letter case and spaces
 * count, a time needs its suffix.
 */
export function parseQuantity(
  text: string,
  unit: LimitUnit,
): number | undefined {
  const [, digits, suffix] = /^(\d{1,15})([A-Za-z%]*)$/.exec(text) ?? [];
  const factor = SUFFIXES[unit].find(([name]) => name === suffix)?.[1];
  return digits === undefined || factor === undefined
    ? undefined
    : Number(digits) * factor;
}

/** A number as a person would write it, in the largest suffix that leaves it whole. */
export function formatQuantity(value: number, unit: LimitUnit): string {
  for (const [suffix, factor] of SUFFIXES[unit]) {
    if (value !== 0 && value % factor === 0) {
      return `${value / factor}${suffix}`;
    }
  }
  return `${value}${SUFFIXES[unit].at(-1)![0]}`;
}

/** What somebody probably meant who wrote a quantity in another way: `16 mb` is `16MiB`, `10` in milliseconds `10s`. */
export function guessQuantity(
  text: string,
  unit: LimitUnit,
): string | undefined {
  const [, digits, word = ""] = /^\s*(\d{1,12})\s*([a-z%]*)\.?\s*$/i.exec(
    text,
  ) ?? [];
  if (digits === undefined) return undefined;
  const names = SUFFIXES[unit].map(([name]) => name);
  const suffix = names.find((name) => isMeant(name, word.toLowerCase()));
  if (suffix !== undefined) return `${digits}${suffix}`;
  return word === "" && names.includes("s") ? `${digits}s` : undefined;
}

/** Whether a word, in lower case, stands for a suffix. */
function isMeant(suffix: string, word: string): boolean {
  const name = suffix.toLowerCase();
  if (name === word) return true;
  if (/^[kmg]ib$/.test(name)) return word === name[0] || word === `${name[0]}b`;
  const others: Readonly<Record<string, RegExp>> = {
    "": /^(?:b|bytes?)$/,
    d: /^days?$/,
    h: /^(?:hr|hours?)$/,
    m: /^min(?:utes?)?$/,
    s: /^sec(?:onds?)?$/,
    ms: /^(?:msec|milliseconds?)$/,
    "%": /^percent$/,
  };
  return others[suffix]?.test(word) ?? false;
}
