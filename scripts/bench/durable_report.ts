/** What durable.ts finds, and how it says so. */

/** One figure with its target. */
export interface Figure {
  /** The number of the part that it belongs to. */
  readonly part: number;
  /** What was measured. */
  readonly name: string;
  /** What came out. */
  readonly value: string;
  /** What is asked for; nothing where the figure only explains others. */
  readonly target?: string;
  /** Whether the target is met. */
  readonly met?: boolean;
}

/** Takes what is found. */
export interface Report {
  /** A figure. */
  figure(figure: Figure): void;
  /** Something that must never be: a message lost, doubled or out of order. */
  wrong(sentence: string): void;
}

/** Prints a line. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

/** A number in three digits. */
export function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}

/** What of the broker's CPU time goes to each of so many messages. */
export function each(cpuMs: number, messages: number): string {
  return `${rounded(cpuMs * 1000 / messages)} µs of CPU each`;
}

/** The value below which a share of sorted values is. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[
    Math.min(sorted.length - 1, Math.floor(sorted.length * share))
  ]!;
}

/** The table of figures, in Markdown. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, target = "", met }) => [
    name,
    value,
    target,
    met === undefined ? "" : met ? "yes" : "no",
  ]);
  const all = [["figure", "here", "target", "met"], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((cells) => cells[column]!.length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  const [head, ...body] = all;
  const rule = widths.map((width) => ":" + "-".repeat(Math.max(2, width - 1)));
  return [line(head!), line(rule), ...body.map(line)].join("\n");
}
