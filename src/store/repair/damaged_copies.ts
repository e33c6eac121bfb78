// Copies of what was damaged, `.damaged-<time>` and their logs: they are kept for whoever wants to look into them, but a disk
// that fails again and again must not be filled by them.

import { folderOf, nameOf, sizeOf } from "../database/file_names.ts";

/** Copies that are kept at most, each with its log. */
const MOST = 5;

/** Bytes that they may have together, beside the newest, which always stays: 256 MiB. */
const MOST_BYTES = 268_435_456;

/** Removes the oldest copies of a database's damaged files that are too many, or too large. Returns their paths. */
export function boundDamagedCopies(path: string): string[] {
  const folder = folderOf(path);
  const prefix = `${nameOf(path)}.damaged-`;
  const copies = new Map<string, string[]>();
  for (const { name } of Deno.readDirSync(folder)) {
    const [, time] = /^(\d+T\d+Z(?:-\d+)?)/.exec(
      name.startsWith(prefix) ? name.slice(prefix.length) : "",
    ) ?? [];
    if (time === undefined) continue;
    copies.set(time, [...copies.get(time) ?? [], `${folder}/${name}`]);
  }
  let bytes = 0;
  const newestFirst = [...copies].toSorted(([one], [other]) =>
    other.localeCompare(one, "en", { numeric: true })
  );
  return newestFirst.flatMap(([, files], at) => {
    bytes += files.reduce((sum, file) => sum + (sizeOf(file) ?? 0), 0);
    if (at === 0 || (at < MOST && bytes <= MOST_BYTES)) return [];
    for (const file of files) Deno.removeSync(file);
    return files;
  });
}
