/** A moment as OpenTelemetry has it: seconds since the epoch, and nanoseconds. */
export type HrTime = [number, number];

/** The moment so many milliseconds after the epoch. */
export function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.floor((milliseconds - seconds * 1000) * 1e6)];
}
