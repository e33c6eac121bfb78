import type { DatabaseSync } from "node:sqlite";
import { SCHEMA_VERSION } from "./schema.ts";
import { inTransaction, schemaVersion } from "./transaction.ts";

/** Turns a database of one version into one of the next; within a transaction, which is not its to begin or end. */
export type Migration = (database: DatabaseSync) => void;

/** The way from each older version of the schema to the next, by the older one. */
export const MIGRATIONS: ReadonlyMap<number, Migration> = new Map([
  // Sessions and wills belong to users. The checksum of a row without one is as it was.
  [1, (database) => {
    database.exec("ALTER TABLE session ADD COLUMN user TEXT");
    database.exec("ALTER TABLE will ADD COLUMN user TEXT");
  }],
]);

/** Where a database is to get, and how. */
export interface MigrationPlan {
  /** The steps, by the version at which they begin. */
  readonly steps: ReadonlyMap<number, Migration>;
  /** The version to get to. */
  readonly version: number;
}

/** The plan of this version of mailboxqtt. */
export const CURRENT_PLAN: MigrationPlan = {
  steps: MIGRATIONS,
  version: SCHEMA_VERSION,
};

/**
 * Brings a database of an older version to the plan's, step by step, each in one transaction with its new version:
 * whenever that is interrupted, the database is of one version or the other, whole. Returns whether there was
 * anything to do.
 *
 * @throws {Error} If there is no way from the database's version.
 */
export function migrate(
  database: DatabaseSync,
  plan: MigrationPlan = CURRENT_PLAN,
): boolean {
  let migrated = false;
  for (
    let version = schemaVersion(database);
    version < plan.version;
    version++
  ) {
    const step = plan.steps.get(version);
    if (step === undefined) {
      throw new Error(`There is no way from schema ${version} to the next`);
    }
    inTransaction(database, () => {
      step(database);
      database.exec(`PRAGMA user_version = ${version + 1}`);
    });
    migrated = true;
  }
  return migrated;
}
