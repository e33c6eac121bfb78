import type { DatabaseSync } from "node:sqlite";
import {
  bytesChecksum,
  mixChecksum,
  rowChecksum,
} from "../database/checksum.ts";
import { type Carrying, packOptions } from "../journal/journal.ts";
import type { StoredBody } from "../journal/message_body.ts";
import type {
  StoredSession,
  StoredSubscription,
  StoredWill,
} from "../store.ts";

/** In `received`, the owner's number is multiplied with this. */
export const PACKET_IDENTIFIERS = 65_536;

/** The checksum of a row of `will`. */
export function willChecksum(
  clientId: string,
  delayInterval: number,
  expiryInterval: number,
  body: Uint8Array,
  user: string | null,
): number {
  const before = rowChecksum(
    clientId,
    delayInterval,
    expiryInterval,
    ...(user === null ? [] : [user]),
  );
  return bytesChecksum(body, before);
}

/** The checksum of a row of `session`, and of version 1, which knew no users. */
export function sessionChecksum(
  owner: number,
  clientId: string,
  expiryInterval: number | null,
  endedAt: number | null,
  user: string | null,
): number {
  return rowChecksum(
    owner,
    clientId,
    expiryInterval,
    endedAt,
    ...(user === null ? [] : [user]),
  );
}

/** The tables of what belongs to a session beside its deliveries. */
export class SessionTables {
  readonly #saveSession;
  readonly #saveSubscription;
  readonly #removeSubscription;
  readonly #saveReceived;
  readonly #removeReceived;
  readonly #saveWill;
  readonly #removeWill;
  readonly #removals;

  /** Prepares what it needs of this database. */
  constructor(database: DatabaseSync) {
    this.#saveSession = database.prepare(
      `INSERT OR REPLACE INTO session
       (owner, expiry_interval, ended_at, checksum, user)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.#saveSubscription = database.prepare(
      `INSERT INTO subscription (owner, filter, options, identifier, checksum)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT (owner, filter) DO UPDATE SET
       options = excluded.options, identifier = excluded.identifier,
       checksum = excluded.checksum`,
    );
    this.#removeSubscription = database.prepare(
      "DELETE FROM subscription WHERE owner = ? AND filter = ?",
    );
    this.#saveReceived = database.prepare(
      "INSERT OR REPLACE INTO received VALUES (?, ?)",
    );
    this.#removeReceived = database.prepare(
      "DELETE FROM received WHERE id = ?",
    );
    this.#saveWill = database.prepare(
      `INSERT OR REPLACE INTO will
       (client_id, delay_interval, expiry_interval, body, checksum, user)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#removeWill = database.prepare("DELETE FROM will WHERE client_id = ?");
    this.#removals = [
      "DELETE FROM session WHERE owner = ?1",
      "DELETE FROM subscription WHERE owner = ?1",
      `DELETE FROM received WHERE id BETWEEN
       ?1 * ${PACKET_IDENTIFIERS} AND ?1 * ${PACKET_IDENTIFIERS} + 65535`,
    ].map((statement) => database.prepare(statement));
  }

  /** Keeps a session. */
  saveSession(owner: number, session: StoredSession): void {
    const { clientId, expiryInterval, endedAt = null, user = null } = session;
    const expiry = expiryInterval === Infinity ? null : expiryInterval;
    const checksum = sessionChecksum(owner, clientId, expiry, endedAt, user);
    this.#saveSession.run(owner, expiry, endedAt, checksum, user);
  }

  /** Forgets a session, its subscriptions and inbound packet identifiers. */
  removeSession(owner: number): void {
    for (const removal of this.#removals) removal.run(owner);
  }

  /** Keeps a subscription. */
  saveSubscription(owner: number, subscription: StoredSubscription): void {
    const { filter, identifier } = subscription;
    const options = packOptions(subscription);
    const checksum = rowChecksum(owner, filter, options, identifier);
    this.#saveSubscription.run(owner, filter, options, identifier, checksum);
  }

  /** Forgets a subscription. */
  removeSubscription(owner: number, filter: string): void {
    this.#removeSubscription.run(owner, filter);
  }

  /** Notes an inbound packet identifier. */
  saveReceived(owner: number, packetId: number): void {
    const id = owner * PACKET_IDENTIFIERS + packetId;
    this.#saveReceived.run(id, mixChecksum(0, id));
  }

  /** Forgets an inbound packet identifier. */
  removeReceived(owner: number, packetId: number): void {
    this.#removeReceived.run(owner * PACKET_IDENTIFIERS + packetId);
  }

  /** Keeps a will, or removes it. */
  saveWill(
    clientId: string,
    will: Carrying<StoredWill, StoredBody> | undefined,
  ): void {
    if (will === undefined) {
      this.#removeWill.run(clientId);
      return;
    }
    const { delayInterval, expiryInterval, user = null } = will;
    const { bytes } = will.message;
    this.#saveWill.run(
      clientId,
      delayInterval,
      expiryInterval,
      bytes,
      willChecksum(clientId, delayInterval, expiryInterval, bytes, user),
      user,
    );
  }
}
