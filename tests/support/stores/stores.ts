// Stores for tests, and the places where they keep things.

import assert from "node:assert/strict";
import type { Clock } from "../../../src/core/clock.ts";
import { SteadyClock } from "../../../src/core/clock.ts";
import { DATABASE_FILE } from "../../../src/store/database/choice.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";
import {
  SqliteStore,
  type SqliteStoreOptions,
} from "../../../src/store/sqlite/sqlite_store.ts";
import type {
  BacklogPage,
  BacklogQuery,
  BatchNumber,
  Store,
} from "../../../src/store/store.ts";
import { HeldContents } from "./held_contents.ts";

/** A place where a Store keeps things, for the length of a test. */
export interface StorePlace {
  /** Makes a Store that goes on with what is there. */
  make(): Store;
  /** Ends the Store as a power cut does: what is there is what was committed. */
  crash(store: Store): Promise<void>;
  /** Clears up. */
  remove(): Promise<void>;
}

/** A Store that is open, what it held, and a way to wait for commits. */
export interface OpenStore {
  /** The Store. */
  readonly store: Store;
  /** What it held when it was opened. */
  readonly held: HeldContents;
  /** Messages that were missing in its backlogs. */
  readonly missing: number;
  /** Damaged rows that it told of after it was opened. */
  readonly damaged: number[];
  /** The batches that it said were committed. */
  readonly committed: BatchNumber[];
  /** The errors with which it said that it failed. */
  readonly failed: Error[];
  /** The times that it said the broker's clock goes on from. */
  readonly resumed: number[];
  /** Asks for a batch and waits until it is committed. */
  commit(batch: BatchNumber): Promise<void>;
  /** Waits until a batch is committed that nobody asks for. */
  committedBy(batch: BatchNumber): Promise<void>;
}

/** Opens a Store. */
export async function openStore(store: Store): Promise<OpenStore> {
  let held = new HeldContents();
  const damaged: number[] = [];
  const committed: BatchNumber[] = [];
  const failed: Error[] = [];
  const resumed: number[] = [];
  let waiting: { batch: BatchNumber; resolve: () => void }[] = [];
  await store.open({
    resumed: (now) => {
      assert.equal(held.sessions.size, 0, "resumed comes first");
      resumed.push(now);
    },
    startOver: () => held = new HeldContents(),
    committed: (batch) => {
      assert.equal(store.committed, batch);
      committed.push(batch);
      for (const one of waiting) if (one.batch <= batch) one.resolve();
      waiting = waiting.filter((one) => one.batch > batch);
    },
    damaged: (rows) => void damaged.push(rows),
    failed: (error) => {
      failed.push(error);
      for (const { resolve } of waiting) resolve();
    },
  }, held);
  const missing = await held.fill(async (query) => {
    const page = await readPage(store, query);
    for (const one of page.deliveries) held.enqueue(query.owner, one);
    return page;
  });
  const committedBy = (batch: BatchNumber): Promise<void> => {
    if (batch <= store.committed) return Promise.resolve();
    return new Promise((resolve) => waiting.push({ batch, resolve }));
  };
  const commit = (batch: BatchNumber): Promise<void> => {
    store.request(batch);
    return committedBy(batch);
  };
  return {
    store,
    held,
    missing,
    damaged,
    committed,
    failed,
    resumed,
    commit,
    committedBy,
  };
}

/** Reads a part of a backlog. */
export function readPage(
  store: Store,
  query: BacklogQuery,
): Promise<BacklogPage> {
  return new Promise((resolve) => store.read(query, resolve));
}

/** A {@linkcode MemoryStore} after the other. */
export class MemoryPlace implements StorePlace {
  #store = new MemoryStore();

  make(): MemoryStore {
    this.#store = new MemoryStore("atOnce", this.#store.kept);
    return this.#store;
  }

  crash(): Promise<void> {
    return Promise.resolve();
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }
}

/** Folders of a {@linkcode SqliteStore}: after a crash it goes on with a copy of the files, as they are just then. */
export class SqlitePlace implements StorePlace {
  readonly #root: string;
  readonly #clock: Clock;
  #count = 0;

  private constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  /** Makes an empty place. */
  static async create(clock: Clock = new SteadyClock()): Promise<SqlitePlace> {
    return new SqlitePlace(await Deno.makeTempDir(), clock);
  }

  /** Where the next Store goes on. */
  get folder(): string {
    return `${this.#root}/${this.#count}`;
  }

  /** The database in there. */
  get file(): string {
    return `${this.folder}/${DATABASE_FILE}`;
  }

  make(options: Partial<SqliteStoreOptions> = {}): SqliteStore {
    const { folder } = this;
    return new SqliteStore({ folder, clock: this.#clock, ...options });
  }

  async crash(store: Store): Promise<void> {
    const { folder } = this;
    this.#count++;
    await Deno.mkdir(this.folder);
    for await (const { name } of Deno.readDir(folder)) {
      await Deno.copyFile(`${folder}/${name}`, `${this.folder}/${name}`);
    }
    await store.close();
  }

  async remove(): Promise<void> {
    await Deno.remove(this.#root, { recursive: true });
  }
}
