import type { ScopedLimits } from "../core/scoped_limits.ts";
import { TokenBucket } from "./token_bucket.ts";

/** What is counted of one user. */
interface Account {
  limits: ScopedLimits;
  /** Connections by client identifier: a client that comes back while its old connection lasts is one client. */
  readonly clients: Map<string, number>;
  connects: TokenBucket | undefined;
  publishes: TokenBucket | undefined;
  bytes: TokenBucket | undefined;
}

/** Counts what users do that are limited, all their clients together. */
export class UserQuotas {
  #accounts = new Map<string, Account>();

  /** Allows each of these users so much from now on, and all others whatever they like. What is over it may stay. */
  change(limits: ReadonlyMap<string, ScopedLimits>, now: number): void {
    const accounts = new Map<string, Account>();
    for (const [user, own] of limits) {
      const bucket = (perSecond: number | undefined) =>
        perSecond === undefined ? undefined : new TokenBucket(perSecond, now);
      accounts.set(user, {
        limits: own,
        clients: this.#accounts.get(user)?.clients ?? new Map(),
        connects: bucket(own.connectsPerSecond),
        publishes: bucket(own.publishesPerSecond),
        bytes: bucket(own.bytesPerSecond),
      });
    }
    this.#accounts = accounts;
  }

  /** The limits of this user that are lower than everybody's. */
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
    const { clients, limits, connects } = account;
    const { maximumConnections = Infinity } = limits;
    if (clients.size >= maximumConnections && !clients.has(clientId)) {
      return "tooManyClients";
    }
    if (connects === undefined) return undefined;
    if (connects.wait(now) > 0) return "tooManyConnects";
    connects.take(1, now);
    return undefined;
  }

  /** Counts a connection; to be undone by what it returns. */
  add(user: string, clientId: string): () => void {
    const clients = this.#accounts.get(user)?.clients;
    if (clients === undefined) return () => {};
    clients.set(clientId, (clients.get(clientId) ?? 0) + 1);
    return () => {
      const count = clients.get(clientId)!;
      if (count === 1) clients.delete(clientId);
      else clients.set(clientId, count - 1);
    };
  }
}
