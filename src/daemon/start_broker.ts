import { Broker, type BrokerOptions } from "../broker.ts";
import { SteadyClock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import { StartError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { mayHoldStore } from "../store/database/choice.ts";
import { UnusableFolder } from "../store/database/folder_lock.ts";
import type { Mending } from "../store/repair/mending.ts";
import {
  type DataLocation,
  dataLocation,
  processEnvironment,
} from "../config/settings/data_folder.ts";
import { type Settings, unusablePolicy } from "../config/settings/settings.ts";
import type { Keeping } from "./announce.ts";
import {
  mendingSentence,
  type Raise,
  remadeSentence,
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
  /** Where it keeps things, or will once it can. */
  readonly keeping: Keeping;
  /** Whether the folder can be used already, where there is one. */
  readonly isOpen: boolean;
  /** Tells what the store held, and what is the matter with it. To be called once the broker is announced. */
  readonly tellStore: () => void;
}

/**
 * Starts the broker with its store. Where that cannot be opened, it does what the settings say: starts all the same and
 * tries it again, starts in memory, or does not start.
 *
 * @throws {StartError} If it cannot listen; if another one uses the folder; if it must have a store and has none.
 */
export async function startBroker(
  options: Settings,
  common: Common,
): Promise<StartedBroker> {
  const place = dataLocation(options.data, processEnvironment);
  if (place.type === "memory") return await startInMemory(common);
  const policy = unusablePolicy(options);
  if (place.type === "nowhere" && policy === "stop") {
    throw new StartError(place.reason);
  }
  if (policy !== "memory") return await startOnDisk(place, options, common);
  if (place.type === "nowhere") return startInMemory(common, place.reason);
  try {
    return await startOnDisk(place, options, common);
  } catch (error) {
    if (!(error instanceof UnusableFolder)) throw error;
    return await startInMemory(common, error.message);
  }
}

async function startOnDisk(
  place: Exclude<DataLocation, { type: "memory" }>,
  options: Settings,
  common: Common,
): Promise<StartedBroker> {
  const { log } = common;
  const clock = new SteadyClock();
  // Loaded only where it is asked for: SQLite takes memory.
  const { SqliteStore } = await import("../store/sqlite/sqlite_store.ts");
  const { RetryingStore } = await import("../store/sqlite/retrying_store.ts");
  const early: Mending[] = [];
  let raise: Raise | undefined;
  const started: { broker?: Broker } = {};
  /** The store of the last attempt to open it. */
  let store: InstanceType<typeof SqliteStore> | undefined;
  const make = () => {
    if (place.type === "nowhere") throw new StartError(place.reason);
    return store = new SqliteStore({
      folder: place.folder,
      clock,
      again: store !== undefined,
      ...options.store,
      onCommitted: (milliseconds) =>
        common.counters.committing.record(milliseconds),
      onRemade: (carried) => {
        log.error(remadeSentence(carried));
        if (carried.gaps > 0 || carried.setAside > 0) {
          raise?.("database", remadeSentence(carried));
        }
      },
      onMended: (mending) => {
        log.error(mendingSentence(mending));
        if (raise === undefined) early.push(mending);
        else raise("database", mendingSentence(mending));
      },
    });
  };
  const retrying = new RetryingStore({
    make,
    isPassing: (error) =>
      unusablePolicy(options) === "refuse" &&
      (place.type === "nowhere" || error instanceof UnusableFolder),
    mayHoldMore: () => place.type === "folder" && mayHoldStore(place.folder),
    onOpened: () => tellStore(),
  });
  const tellStore = () => {
    // It is told once: by what comes last, the announcement or the opening.
    const { broker } = started;
    if (broker === undefined || !retrying.opened || raise !== undefined) return;
    const { choice, opening } = store!;
    const tell: Raise = (matter, sentence) =>
      broker.alarms.raise(ALARM, matter, sentence);
    raise = tell;
    tellVersions(choice!, log, tell);
    tellOpening(opening!, log, tell);
    for (const mending of early) tell("database", mendingSentence(mending));
  };
  const broker = await Broker.start({ ...common, clock, store: retrying });
  started.broker = broker;
  return { broker, keeping: place, isOpen: retrying.opened, tellStore };
}

/** Starts without a store: as it was told, or because of an obstacle. */
async function startInMemory(
  common: Common,
  obstacle?: string,
): Promise<StartedBroker> {
  const broker = await Broker.start({ ...common, clock: new SteadyClock() });
  return {
    broker,
    keeping: { type: "memory" },
    isOpen: false,
    tellStore: () => {
      if (obstacle === undefined) return;
      const sentence =
        `Sessions and messages are in memory only, and lost when the broker ends (once this is mended, start it again): ${obstacle}`;
      common.log.error(sentence);
      broker.alarms.raise(ALARM, "memory", sentence);
    },
  };
}
