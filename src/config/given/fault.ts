import { EXIT, StartError } from "../../core/errors.ts";

/** Where a setting was given, or a fault is. */
export type Origin =
  /** In a file; line and column begin at 1, and are left out where the fault is of the whole file. */
  | {
    readonly type: "file";
    readonly file: string;
    readonly line?: number;
    readonly column?: number;
  }
  /** In a variable of the environment. */
  | { readonly type: "variable"; readonly variable: string }
  /** In a flag, named without its dashes. */
  | { readonly type: "flag"; readonly flag: string }
  /** Nowhere: what holds by default. */
  | { readonly type: "default" };

/** One thing that is wrong with a configuration, or with what it names. */
export interface Fault {
  /** Where. */
  readonly place: Origin;
  /** What is wrong. */
  readonly what: string;
  /** What is allowed, or what to do. Further lines stand below the first. */
  readonly allowed?: string | undefined;
  /** What was probably meant. */
  readonly guess?: string | undefined;
}

/**
 * A fault as it is told: `file:line:column: what is wrong; what is allowed; did you mean this?`. One of a flag is a
 * sentence, as those of all commands are.
 */
export function formatFault({ place, what, allowed, guess }: Fault): string {
  if (place.type === "flag") {
    return allowed === undefined ? what : `${what}: ${allowed}`;
  }
  const parts = [
    what,
    ...(allowed === undefined ? [] : [allowed]),
    ...(guess === undefined ? [] : [`did you mean ${guess}?`]),
  ];
  const text = parts.join("; ");
  if (place.type !== "file") return text;
  const where = [place.file, place.line, place.column];
  return `${where.filter((one) => one !== undefined).join(":")}: ${text}`;
}

/** How a setting is named in a fault: as it was given. */
export function subjectOf(place: Origin, name: string): string {
  switch (place.type) {
    case "variable":
      return `Variable ${place.variable}`;
    case "flag":
      return `Flag --${place.flag}`;
    case "file":
    case "default":
      return name;
  }
}

/** The fault that a value is not allowed. */
export function valueFault(
  place: Origin,
  name: string,
  value: unknown,
  allowed: string,
  guess?: string,
): Fault {
  const what = `${subjectOf(place, name)} cannot be ${showValue(value)}`;
  return { place, what, allowed, guess };
}

/** Longest value that is shown whole. */
const LONGEST_VALUE = 200;

/** A value as it would stand in a configuration file, on one line. */
export function showValue(value: unknown): string {
  if (value instanceof Date) return "a date";
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "a list";
  if (typeof value === "object" && value !== null) return "a table";
  if (typeof value !== "string") return String(value);
  const text = value.length > LONGEST_VALUE
    ? `${value.slice(0, LONGEST_VALUE)}…`
    : value;
  return JSON.stringify(text);
}

/** Sorts faults of one file by where they are. */
export function byOrigin({ place: a }: Fault, { place: b }: Fault): number {
  if (a.type !== "file" || b.type !== "file" || a.file !== b.file) return 0;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** What keeps the program from starting because of faults: all of them; with the status of wrong usage where flags have them. */
export function faultsError(faults: readonly Fault[]): StartError {
  const isUsage = faults.every(({ place }) => place.type === "flag");
  return new StartError(
    faults.map(formatFault).join("\n"),
    isUsage ? EXIT.usage : EXIT.failed,
  );
}
