import { exportLines } from "./export_lines.ts";
import { openForReading } from "../database/open_for_reading.ts";
import { countKinds } from "./summary.ts";

/** Lines are written in pieces of about so many characters. */
const PIECE = 256 * 1024;

/**
 * Writes all that the store in a folder holds, as it is at one moment, as lines of JSON. A broker may be running on
 * it. Returns how many rows were left out since they are damaged. Calls `step` now and then, with how many rows are
 * written, of how many.
 *
 * @throws {StartError} If there is no store, or it cannot be opened.
 */
export function exportStore(
  folder: string,
  to: { writeSync(bytes: Uint8Array): number },
  step: (done: number, all: number) => void,
): number {
  using database = openForReading(folder);
  const { damaged: _, sharedMessages: __, ...counts } = countKinds(database);
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const encoder = new TextEncoder();
  let damaged = 0;
  let done = 0;
  let text = "";
  const write = () => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
    text = "";
  };
  const problem = () => void damaged++;
  for (const lines of exportLines({ database, time: new Date(), problem })) {
    text += lines;
    if (text.length >= PIECE) write();
    step(Math.min(++done, all), all);
  }
  write();
  return damaged;
}
