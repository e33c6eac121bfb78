/** The version of the tables below, as `user_version` in the database. */
export const SCHEMA_VERSION = 2;

/**
 * The tables. A column that may say "for ever" or "never" holds NULL for it. `checksum` covers all that its row holds.
 *
 * - meta: what is known of the whole (as JSON): the clock, and how the broker ended.
 * - owner: whom deliveries are owed to: client identifiers, and shared groups as `$share/group/filter`.
 * - session: the persistent sessions; their client identifiers are in `owner`. `user` is whose they are, and NULL for
 *   those that are nobody's in particular, as is that of wills; version 1 did not have it.
 * - received: inbound QoS 2 packet identifiers; `id` is the owner's and 65,536 times that of the session.
 * - delivery: messages that are owed, in the order in which they became so. A row that shares its message with others
 *   refers to `message`, else the message is in it; `size` is the length of its body, wherever that is. Rows are
 *   appended at the end, which dirties few pages. Backlogs are counted by the index alone.
 * - inflight: to whom deliveries went, in the order of `position`. Only rows that are asked for by client are in its
 *   index: those of QoS 2, and those of shared groups (`by_client`). Bit 0 of the checksum is `released`.
 * - purge: owners that are gone, whose deliveries are still to be removed, little by little.
 * - damaged: rows whose checksum was wrong, as JSON.
 */
export const SCHEMA = `
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE owner (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  checksum INTEGER NOT NULL
);
CREATE TABLE session (
  owner INTEGER PRIMARY KEY,
  expiry_interval INTEGER,
  ended_at REAL,
  checksum INTEGER NOT NULL,
  user TEXT
);
CREATE TABLE subscription (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  filter TEXT NOT NULL,
  options INTEGER NOT NULL,
  identifier INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  UNIQUE (owner, filter)
);
CREATE TABLE received (
  id INTEGER PRIMARY KEY,
  checksum INTEGER NOT NULL
);
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  body BLOB NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  number INTEGER NOT NULL,
  terms INTEGER NOT NULL,
  identifiers BLOB,
  message INTEGER,
  size INTEGER NOT NULL,
  body BLOB,
  checksum INTEGER NOT NULL
);
CREATE INDEX delivery_by_number ON delivery (owner, number, size);
CREATE INDEX delivery_by_message ON delivery (message)
  WHERE message IS NOT NULL;
CREATE TRIGGER message_goes_with_its_last_delivery AFTER DELETE ON delivery
  WHEN old.message IS NOT NULL
BEGIN
  DELETE FROM message WHERE id = old.message
    AND NOT EXISTS (SELECT 1 FROM delivery WHERE message = old.message);
END;
CREATE TABLE inflight (
  delivery INTEGER PRIMARY KEY,
  client INTEGER NOT NULL,
  packet_id INTEGER NOT NULL,
  released INTEGER NOT NULL,
  position INTEGER NOT NULL,
  by_client INTEGER NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE INDEX inflight_by_client ON inflight (client, packet_id)
  WHERE by_client = 1;
CREATE TABLE retained (
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE will (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL UNIQUE,
  delay_interval INTEGER NOT NULL,
  expiry_interval INTEGER NOT NULL,
  body BLOB NOT NULL,
  checksum INTEGER NOT NULL,
  user TEXT
);
CREATE TABLE purge (
  owner INTEGER PRIMARY KEY
);
CREATE TABLE damaged (
  id INTEGER PRIMARY KEY,
  found_at REAL NOT NULL,
  origin TEXT NOT NULL,
  content TEXT NOT NULL
);
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** The tables whose rows are counted when the broker ends, to know at the next start whether one is missing. */
export const COUNTED_TABLES = [
  "session",
  "subscription",
  "delivery",
  "retained",
  "will",
] as const;

/** One of {@linkcode COUNTED_TABLES}. */
export type CountedTable = typeof COUNTED_TABLES[number];

/** How many rows there are. */
export type RowCounts = Record<CountedTable, number>;
