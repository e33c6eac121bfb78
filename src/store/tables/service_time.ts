/** A moment as the broker's clock and the machine's tell it, both in milliseconds since the epoch. */
export interface KeptTime {
  /** The broker's clock. */
  readonly service: number;
  /** The machine's clock. */
  readonly wall: number;
}

/** Before that this program did not exist: a clock that says so does not know the time. */
const BELIEVABLE = Date.UTC(2026, 0, 1);

/**
 * Where the broker's clock goes on after it was down: the time that passed counts, if the machine knew the time both
 * then and now, and never backwards. So nothing expires only because a clock went from 1970 to today.
 */
export function resumedTime(kept: KeptTime | undefined, wall: number): number {
  if (kept === undefined) return wall;
  const { service, wall: then } = kept;
  if (then < BELIEVABLE || wall < BELIEVABLE) return service;
  return service + Math.max(0, wall - then);
}
