import { Broker, type BrokerOptions } from "../broker.ts";
import { SteadyClock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import { StartError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { UnusableFolder } from "../store/database/folder_lock.ts";
import type { Mending } from "../store/repair/mending.ts";
import {
  dataLocation,
  processEnvironment,
} from "../config/settings/data_folder.ts";
import type { Settings } from "../config/settings/settings.ts";
import {
  mendingSentence,
  type Raise,
  tellOpening,
  tellVersions,
} from "./store_news.ts";

/** The alarm about what is kept. */
const ALARM = "store";

/** What a broker is made with, however it keeps things. */
export type Common = Omit<BrokerOptions, "store" | "clock"> & {
  /** Where it logs. */
  readonly log: Log;
  /** What it counts into. */
  readonly counters: Counters;
};

/** A broker that runs. */
export interface StartedBroker {
  /** The broker. */
  readonly broker: Broker;
  /** The folder in which it keeps things; `undefined` for memory only. */
  readonly folder: string | undefined;
  /** Tells what the store held, and what is the matter with it. To be called once the broker is announced. */
  readonly tellStore: () => void;
}

/**
 * Starts the broker with its store, or in memory where things cannot be kept and need not be.
 *
 * @throws {StartError} If it cannot listen; if another one uses the folder; if it must have a store and has none.
 */
export async function startBroker(
  options: Settings,
  common: Common,
): Promise<StartedBroker> {
  const place = dataLocation(options.data, processEnvironment);
  if (place.type === "folder") {
    try {
      return await startOnDisk(place.folder, options, common);
    } catch (error) {
      if (!(error instanceof UnusableFolder) || options.requireStore) {
        throw error;
      }
      return await startInMemory(common, error.message);
    }
  }
  if (place.type === "memory") return await startInMemory(common);
  if (options.requireStore) throw new StartError(place.reason);
  return await startInMemory(common, place.reason);
}

async function startOnDisk(
  folder: string,
  options: Settings,
  common: Common,
): Promise<StartedBroker> {
  const { log } = common;
  const early: Mending[] = [];
  let raise: Raise | undefined;
  const clock = new SteadyClock();
  // Loaded only where it is asked for: SQLite takes memory.
  const { SqliteStore } = await import("../store/sqlite/sqlite_store.ts");
  const store = new SqliteStore({
    folder,
    clock,
    ...options.store,
    onCommitted: (milliseconds) =>
      common.counters.committing.record(milliseconds),
    onMended: (mending) => {
      log.error(mendingSentence(mending));
      if (raise === undefined) early.push(mending);
      else raise("database", mendingSentence(mending));
    },
  });
  const broker = await Broker.start({ ...common, clock, store });
  const tellStore = () => {
    raise = (matter, sentence) => broker.alarms.raise(ALARM, matter, sentence);
    tellVersions(store.choice!, log, raise);
    tellOpening(store.opening!, log, raise);
    for (const mending of early) raise("database", mendingSentence(mending));
  };
  return { broker, folder, tellStore };
}

/** Starts without a store: as it was told, or because of an obstacle. */
async function startInMemory(
  common: Common,
  obstacle?: string,
): Promise<StartedBroker> {
  const broker = await Broker.start({ ...common, clock: new SteadyClock() });
  return {
    broker,
    folder: undefined,
    tellStore: () => {
      if (obstacle === undefined) return;
      const sentence =
        `Sessions and messages are in memory only, and lost when the broker ends (once this is mended, start it again): ${obstacle}`;
      common.log.error(sentence);
      broker.alarms.raise(ALARM, "memory", sentence);
    },
  };
}
