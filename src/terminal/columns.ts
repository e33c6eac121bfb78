/** Rows with their columns below one another, two blanks between them; those named in `right` are flush right. */
export function columns(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]!.length))
  );
  return rows.map((row) => {
    const cells = row.map((cell, at) =>
      right.includes(at) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)
    );
    return `${cells.join("  ").trimEnd()}\n`;
  }).join("");
}

/** Text that a client chose, fit to be shown on one line. */
export function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
