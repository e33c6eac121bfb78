import type { ScopedLimits } from "../../core/scoped_limits.ts";
import { bucketFor, type TokenBucket } from "./token_bucket.ts";

/** What is measured of a user who is limited. */
interface Account {
  readonly limits: ScopedLimits;
  readonly connects: TokenBucket | undefined;
  readonly publishes: TokenBucket | undefined;
  readonly bytes: TokenBucket | undefined;
}

/** Counts what users do that are limited, all their clients together. */
export class UserQuotas {
  #accounts: ReadonlyMap<string, Account> = new Map();
  /**
   * Connections of each user by client identifier: a client that comes back while its old connection lasts is one
   * client. Those of all users, since any may be limited while they are there.
   */
  readonly #clients = new Map<string, Map<string, number>>();

  /** Allows each of these users so much from now on, and all others whatever they like. What is over it may stay. */
  change(limits: ReadonlyMap<string, ScopedLimits>, now: number): void {
    const accounts = new Map<string, Account>();
    for (const [user, own] of limits) {
      const former = this.#accounts.get(user);
      accounts.set(user, {
        limits: own,
        connects: bucketFor(former?.connects, own.connectsPerSecond, now),
        publishes: bucketFor(former?.publishes, own.publishesPerSecond, now),
        bytes: bucketFor(former?.bytes, own.bytesPerSecond, now),
      });
    }
    this.#accounts = accounts;
  }

  /** The limits of this user beside everybody's. */
  limitsOf(user: string): ScopedLimits | undefined {
    return this.#accounts.get(user)?.limits;
  }

  /** What all clients of this user together may send a second; none where that is not limited. */
  ratesOf(user: string): {
    publishes: TokenBucket | undefined;
    bytes: TokenBucket | undefined;
  } {
    const { publishes, bytes } = this.#accounts.get(user) ?? {};
    return { publishes, bytes };
  }

  /** What stands against one more connection of this user's client, if anything. */
  obstacle(
    user: string,
    clientId: string,
    now: number,
  ): "tooManyClients" | "tooManyConnects" | undefined {
    const account = this.#accounts.get(user);
    if (account === undefined) return undefined;
    const { limits: { maximumConnections = Infinity }, connects } = account;
    const clients = this.#clients.get(user);
    const count = clients?.size ?? 0;
    if (count >= maximumConnections && !clients?.has(clientId)) {
      return "tooManyClients";
    }
    return connects === undefined || connects.takeOne(now)
      ? undefined
      : "tooManyConnects";
  }

  /** Counts a connection; to be undone by what it returns. */
  add(user: string, clientId: string): () => void {
    const clients = this.#clients.get(user) ?? new Map<string, number>();
    this.#clients.set(user, clients);
    clients.set(clientId, (clients.get(clientId) ?? 0) + 1);
    return () => {
      const count = clients.get(clientId)!;
      if (count > 1) clients.set(clientId, count - 1);
      else clients.delete(clientId);
      if (clients.size === 0) this.#clients.delete(user);
    };
  }
}
