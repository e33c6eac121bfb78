import { mixChecksum, rowChecksum } from "../database/checksum.ts";
import type { JournalSink } from "../journal/journal.ts";
import { unpackSubscription } from "../journal/reader.ts";
import { StoredBody } from "../journal/message_body.ts";
import { retainedChecksum } from "./retained.ts";
import type { Row } from "../database/row_pages.ts";
import {
  PACKET_IDENTIFIERS,
  sessionChecksum,
  willChecksum,
} from "./sessions.ts";
import { isSharedGroup, type StoreReader } from "../store.ts";

/** Takes what the rows say; see {@linkcode StoreReader}. */
export type RowSink = Pick<
  JournalSink<StoredBody>,
  Exclude<keyof StoreReader, "backlog">
>;

/** What is wrong with a row that is not as it was written. */
export const WRONG_CHECKSUM = "its checksum is wrong";
/** What is wrong with a row without the row that it belongs to. */
export const NO_OWNER = "what it belongs to is missing or damaged";

/** The columns of each table, in the order in which the method of its name takes them. */
export const ROW_COLUMNS = {
  owner: ["id", "name", "checksum"],
  session: ["owner", "expiry_interval", "ended_at", "checksum", "user"],
  subscription: [
    "id",
    "owner",
    "filter",
    "options",
    "identifier",
    "checksum",
  ],
  received: ["id", "checksum"],
  retained: ["id", "topic", "checksum", "body"],
  will: [
    "id",
    "client_id",
    "delay_interval",
    "expiry_interval",
    "checksum",
    "user",
    "body",
  ],
} as const;

/** A table whose rows {@linkcode VerifiedRows} tells. */
export type VerifiedTable = keyof typeof ROW_COLUMNS;

/**
 * Tells what rows say, if they are to be trusted; owners first, then sessions, then what belongs to these. The method
 * of each table takes a row of its {@linkcode ROW_COLUMNS} and returns what is wrong with it, if anything.
 */
export class VerifiedRows {
  readonly #sink: RowSink;
  readonly #names = new Map<number, string>();
  /** Names of clients whose sessions were told. */
  readonly #clients = new Map<number, string>();

  /** Tells this one. */
  constructor(sink: RowSink) {
    this.#sink = sink;
  }

  /** The name of a client by its number, if its session was told. */
  client(id: number): string | undefined {
    return this.#clients.get(id);
  }

  /** The name of an owner of deliveries by its number: a client whose session was told, or a shared group. */
  ownerName(id: number): string | undefined {
    const client = this.#clients.get(id);
    if (client !== undefined) return client;
    const name = this.#names.get(id);
    return name !== undefined && isSharedGroup(name) ? name : undefined;
  }

  /** Whom deliveries are owed to. */
  owner([id, name, checksum]: Row): string | undefined {
    if (checksum !== rowChecksum(Number(id), String(name))) {
      return WRONG_CHECKSUM;
    }
    this.#names.set(Number(id), String(name));
    return undefined;
  }

  /** A session. */
  session(row: Row): string | undefined {
    const [owner, expiryInterval, endedAt, checksum, user] = row;
    const clientId = this.#names.get(Number(owner));
    if (clientId === undefined) return NO_OWNER;
    const expected = sessionChecksum(
      Number(owner),
      clientId,
      expiryInterval as number | null,
      endedAt as number | null,
      user as string | null,
    );
    if (checksum !== expected) return WRONG_CHECKSUM;
    this.#clients.set(Number(owner), clientId);
    this.#sink.saveSession({
      clientId,
      expiryInterval: expiryInterval === null
        ? Infinity
        : Number(expiryInterval),
      endedAt: endedAt === null ? undefined : Number(endedAt),
      ...(user !== null && { user: String(user) }),
    });
    return undefined;
  }

  /** A subscription. */
  subscription(row: Row): string | undefined {
    const [_id, owner, filter, options, identifier, checksum] = row;
    const expected = rowChecksum(
      Number(owner),
      String(filter),
      Number(options),
      Number(identifier),
    );
    if (checksum !== expected) return WRONG_CHECKSUM;
    const clientId = this.#clients.get(Number(owner));
    if (clientId === undefined) return NO_OWNER;
    this.#sink.saveSubscription(
      clientId,
      unpackSubscription(String(filter), Number(options), Number(identifier)),
    );
    return undefined;
  }

  /** An inbound packet identifier. */
  received([id, checksum]: Row): string | undefined {
    if (checksum !== mixChecksum(0, Number(id))) return WRONG_CHECKSUM;
    const packetId = Number(id) % PACKET_IDENTIFIERS;
    const owner = (Number(id) - packetId) / PACKET_IDENTIFIERS;
    const clientId = this.#clients.get(owner);
    if (clientId === undefined) return NO_OWNER;
    this.#sink.saveReceived(clientId, packetId);
    return undefined;
  }

  /** A retained message. */
  retained([_id, topic, checksum, body]: Row): string | undefined {
    if (!(body instanceof Uint8Array)) return WRONG_CHECKSUM;
    if (checksum !== retainedChecksum(String(topic), body)) {
      return WRONG_CHECKSUM;
    }
    this.#sink.retain(String(topic), new StoredBody(body, false));
    return undefined;
  }

  /** A will. */
  will(row: Row): string | undefined {
    const [_id, clientId, delay, expiry, checksum, userOrNull, body] = row;
    if (!(body instanceof Uint8Array)) return WRONG_CHECKSUM;
    const delayInterval = Number(delay);
    const expiryInterval = Number(expiry);
    const name = String(clientId);
    const user = userOrNull as string | null;
    if (
      checksum !==
        willChecksum(name, delayInterval, expiryInterval, body, user)
    ) return WRONG_CHECKSUM;
    this.#sink.saveWill(name, {
      delayInterval,
      expiryInterval,
      message: new StoredBody(body, false),
      ...(user !== null && { user }),
    });
    return undefined;
  }
}
