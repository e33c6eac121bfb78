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

/** A time in its two largest units: `3 d 4 h`, `12 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts.slice(first === -1 ? 3 : first).slice(0, 2)
    .map(([count, unit]) => `${count} ${unit}`).join(" ");
}
