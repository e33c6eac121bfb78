/** How figures are written for people. */

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** A size in the unit that leaves few digits: `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** A moment, in milliseconds since the epoch, to the second and in UTC: `2026-11-24 23:56:01 UTC`. */
export function formatTime(time: number): string {
  return new Date(time).toISOString().replace("T", " ").replace(
    /\.\d+Z$/,
    " UTC",
  );
}
