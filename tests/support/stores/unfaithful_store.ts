// Stores that break their word, to see that tests find it out. Which one a program is given its first argument says.

import type {
  BatchNumber,
  Store,
  StoreEvents,
} from "../../../src/store/store.ts";

/** In which way a Store breaks its word. */
export type Fault =
  /** It says that a batch is committed as soon as somebody waits for it. */
  | "early"
  /** It says so too, and is in no hurry to commit. */
  | "lazy"
  /** It commits, and never has the disk write what it committed. */
  | "unsynced";

/** A Store that says that a batch is committed before it is, and begins to commit it so many milliseconds later. */
export function earlyStore(store: Store, delay = 0): Store {
  let events: StoreEvents | undefined;
  let claimed: BatchNumber = 0;
  const claim = (batch: BatchNumber) => {
    if (batch <= claimed) return;
    claimed = batch;
    events?.committed(batch);
  };
  const lies: Partial<Store> = {
    open: (told, reader) => {
      events = told;
      return store.open({ ...told, committed: claim }, reader);
    },
    request: (batch) => {
      if (delay === 0) store.request(batch);
      else setTimeout(() => store.request(batch), delay);
      queueMicrotask(() => claim(batch));
    },
  };
  return new Proxy(store, {
    get(_, name) {
      if (name === "committed") return claimed;
      const lie = Reflect.get(lies, name);
      if (lie !== undefined) return lie;
      const value = Reflect.get(store, name, store);
      return typeof value === "function" ? value.bind(store) : value;
    },
  });
}

/** From now on, threads that are started never have the disk write what they committed. */
export function syncNothing(): void {
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    constructor(_entry: string | URL, options?: WorkerOptions) {
      super(new URL("unsynced_worker.ts", import.meta.url), options);
    }
  };
}
