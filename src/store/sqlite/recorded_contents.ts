// What a store told when it was opened, to be told to a reader at once later.

import type { StoreReader } from "../store.ts";

/** A call of a {@linkcode StoreReader}. */
type Call = (reader: StoreReader) => void;

/** Records what a store tells while it opens. */
export class RecordedContents {
  #calls: Call[] = [];

  /** Takes what there is to record. */
  get reader(): StoreReader {
    const record = (call: Call) => void this.#calls.push(call);
    return {
      saveSession: (...args) => record((to) => to.saveSession(...args)),
      saveSubscription: (...args) =>
        record((to) => to.saveSubscription(...args)),
      saveReceived: (...args) => record((to) => to.saveReceived(...args)),
      enqueue: (...args) => record((to) => to.enqueue(...args)),
      assign: (...args) => record((to) => to.assign(...args)),
      release: (...args) => record((to) => to.release(...args)),
      backlog: (...args) => record((to) => to.backlog(...args)),
      retain: (...args) => record((to) => to.retain(...args)),
      saveWill: (...args) => record((to) => to.saveWill(...args)),
    };
  }

  /** Forgets all, and takes what is told from the start. */
  startOver(): StoreReader {
    this.#calls = [];
    return this.reader;
  }

  /** Tells this reader all that was recorded. */
  tell(reader: StoreReader): void {
    for (const call of this.#calls) call(reader);
    this.#calls = [];
  }
}
