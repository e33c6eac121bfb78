import type { ScopedLimits } from "../../core/scoped_limits.ts";
import { bucketFor, type TokenBucket } from "./token_bucket.ts";

/** What stands against one more connection. */
export type QuotaObstacle = "tooManyConnections" | "tooManyFromAddress";

/** Counts the connections that came through a listener against what is allowed there. */
export class Quota {
  readonly #addresses = new Map<string, number>();
  #limits: ScopedLimits;
  #total = 0;
  #connects: TokenBucket | undefined;

  /** Allows this much. */
  constructor(limits: ScopedLimits, now: number) {
    this.#limits = limits;
    this.#connects = bucketFor(undefined, limits.connectsPerSecond, now);
  }

  /** Allows this much from now on; what is over it already may stay. */
  change(limits: ScopedLimits, now: number): void {
    this.#limits = limits;
    const { connectsPerSecond } = limits;
    this.#connects = bucketFor(this.#connects, connectsPerSecond, now);
  }

  /** Whether there are more connections than are allowed, so that not all of them may stay. */
  get isOver(): boolean {
    return this.#total > (this.#limits.maximumConnections ?? Infinity);
  }

  /** What stands against one more connection from this address, if anything; in all, `reserve` more are let in. */
  obstacle(address: string, reserve = 0): QuotaObstacle | undefined {
    const { maximumConnections, maximumConnectionsPerAddress } = this.#limits;
    if (this.#total >= (maximumConnections ?? Infinity) + reserve) {
      return "tooManyConnections";
    }
    return (this.#addresses.get(address) ?? 0) >=
        (maximumConnectionsPerAddress ?? Infinity)
      ? "tooManyFromAddress"
      : undefined;
  }

  /** Counts a connection; says how many milliseconds it must wait, since too many came just before. */
  add(address: string, now: number): number {
    this.#total++;
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1);
    return this.#connects?.take(1, now) ?? 0;
  }

  /** Counts a connection no more. */
  remove(address: string): void {
    this.#total--;
    const count = this.#addresses.get(address)!;
    if (count === 1) this.#addresses.delete(address);
    else this.#addresses.set(address, count - 1);
  }
}
