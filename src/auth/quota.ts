import type { ScopedLimits } from "../core/scoped_limits.ts";
import { TokenBucket } from "./token_bucket.ts";

/** What stands against one more connection. */
export type QuotaObstacle = "tooManyConnections" | "tooManyFromAddress";

/** Counts the connections that came through a listener against what is allowed there. */
export class Quota {
  readonly #addresses = new Map<string, number>();
  #limits: ScopedLimits;
  #total = 0;
  #connects: TokenBucket | undefined;

  /** Allows this much. */
  constructor(limits: ScopedLimits) {
    this.#limits = limits;
  }

  /** Allows this much from now on; what is over it already may stay. */
  change(limits: ScopedLimits): void {
    if (limits.connectsPerSecond !== this.#limits.connectsPerSecond) {
      this.#connects = undefined;
    }
    this.#limits = limits;
  }

  /** What stands against one more connection from this address, if anything. */
  obstacle(address: string): QuotaObstacle | undefined {
    const { maximumConnections, maximumConnectionsPerAddress } = this.#limits;
    if (this.#total >= (maximumConnections ?? Infinity)) {
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
    const { connectsPerSecond } = this.#limits;
    if (connectsPerSecond === undefined) return 0;
    this.#connects ??= new TokenBucket(connectsPerSecond, now);
    return this.#connects.take(1, now);
  }

  /** Counts a connection no more. */
  remove(address: string): void {
    this.#total--;
    const count = this.#addresses.get(address)!;
    if (count === 1) this.#addresses.delete(address);
    else this.#addresses.set(address, count - 1);
  }
}
