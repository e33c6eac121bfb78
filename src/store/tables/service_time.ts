/** A moment as the broker's clock and the machine's tell it, both in milliseconds since the epoch. */
export interface KeptTime {
  /** The broker's clock. */
  readonly service: number;
  /** The machine's clock, without what was in doubt of it. */
  readonly wall: number;
  /** Milliseconds since the machine had started; left out where that was not known. */
  readonly up?: number | undefined;
}

/** What a machine knows of the time. */
export interface MachineTime {
  /** Its clock, in milliseconds since the epoch. */
  readonly wall: number;
  /** Milliseconds since it has started; `undefined` where that cannot be asked. */
  readonly up: number | undefined;
  /** Whether its clock was set by a time server since then. */
  readonly synchronised: boolean;
}

/** Where the broker's clock goes on. */
export interface ResumedTime {
  /** The broker's clock, in milliseconds since the epoch. */
  readonly service: number;
  /** Milliseconds that have passed besides if the machine's clock is right, which is in doubt. */
  readonly doubted: number;
}

/** Before that this program did not exist: a clock that says so does not know the time. */
const BELIEVABLE = Date.UTC(2026, 0, 1);

/** Milliseconds that are believed without proof: what expires too early by that would soon have expired anyway. */
const BELIEVED = 60_000;

/**
 * Where the broker's clock goes on after it was down: the time that passed counts, if the machine knew the time both
 * then and now, and never backwards. So nothing expires only because a clock went from 1970 to today. A machine without
 * a battery may also start with a wrong day: what its clock says beyond the time that it has certainly run counts only
 * once the clock was set by a time server.
 */
export function resumedTime(
  kept: KeptTime | undefined,
  machine: MachineTime,
): ResumedTime {
  const { wall, up, synchronised } = machine;
  if (kept === undefined) return { service: wall, doubted: 0 };
  const { service, wall: then } = kept;
  if (then < BELIEVABLE || wall < BELIEVABLE) return { service, doubted: 0 };
  const passed = Math.max(0, wall - then);
  const certain = certainlyPassed(kept.up, up);
  if (synchronised || passed <= certain + BELIEVED) {
    return { service: service + passed, doubted: 0 };
  }
  return { service: service + certain, doubted: passed - certain };
}

/** A machine that has started again since has run for less, and was down for a time that nobody knows. */
function certainlyPassed(
  then: number | undefined,
  now: number | undefined,
): number {
  if (then === undefined || now === undefined) return 0;
  return now >= then ? now - then : now;
}
