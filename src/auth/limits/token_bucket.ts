/**
 * Measures out something at a rate: so many a second, and as many at once after a pause. More may be taken than is
 * there; it is then to be waited for.
 */
export class TokenBucket {
  #perSecond: number;
  #left: number;
  #at: number;

  /** Full, at this time in milliseconds of a monotonic clock. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#at = now;
  }

  /** Milliseconds to wait until nothing is owed any more; 0 if nothing is. */
  wait(now: number): number {
    const gained = (now - this.#at) / 1000 * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + gained);
    this.#at = now;
    return this.#left >= 0 ? 0 : -this.#left / this.#perSecond * 1000;
  }

  /** Goes on at another rate: what is owed stays owed. */
  change(perSecond: number, now: number): void {
    this.wait(now);
    this.#perSecond = perSecond;
    this.#left = Math.min(perSecond, this.#left);
  }

  /** Takes one if it is there, and says whether it was. */
  takeOne(now: number): boolean {
    this.wait(now);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Takes so many, and says how many milliseconds are to be waited before more are taken. */
  take(count: number, now: number): number {
    this.wait(now);
    this.#left -= count;
    return this.wait(now);
  }
}

/** A bucket with this rate: the former one, if there was one, since a change must not fill it. None without a rate. */
export function bucketFor(
  former: TokenBucket | undefined,
  perSecond: number | undefined,
  now: number,
): TokenBucket | undefined {
  if (perSecond === undefined) return undefined;
  if (former === undefined) return new TokenBucket(perSecond, now);
  former.change(perSecond, now);
  return former;
}
