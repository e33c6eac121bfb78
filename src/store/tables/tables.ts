import type { DatabaseSync } from "node:sqlite";
import { DeliveryTables } from "./deliveries.ts";
import { MetaTable } from "./meta.ts";
import { OwnerTable } from "./owners.ts";
import { Purge } from "./purge.ts";
import { RetainedTable } from "./retained.ts";
import { SessionTables } from "./sessions.ts";

/** The tables of a database, each with its prepared statements. */
export interface Tables {
  /** Names by number. */
  readonly owners: OwnerTable;
  /** Sessions and what belongs to them. */
  readonly sessions: SessionTables;
  /** What is owed, and to whom it went. */
  readonly deliveries: DeliveryTables;
  /** What is left of owners that are gone. */
  readonly purge: Purge;
  /** Retained messages. */
  readonly retained: RetainedTable;
  /** What is known of the whole. */
  readonly meta: MetaTable;
}

/** Prepares all that is asked of this database. */
export function prepareTables(database: DatabaseSync): Tables {
  const purge = new Purge(database);
  return {
    purge,
    owners: new OwnerTable(database),
    sessions: new SessionTables(database),
    deliveries: new DeliveryTables(database, purge),
    retained: new RetainedTable(database),
    meta: new MetaTable(database),
  };
}
