import type { BatchNumber, Store } from "./store.ts";

/**
 * The Store of `--data none`: keeps nothing beyond the process, so everything is committed at once and nobody
 * waits. Sessions and messages live in the memory of the Router alone.
 */
export class NoneStore implements Store {
  readonly durable = false;
  readonly committed: BatchNumber = 0;
  readonly uncommittedBytes = 0;

  open(): Promise<void> {
    return Promise.resolve();
  }
  read(): void {}
  readRetained(): void {}
  request(): void {}
  close(): Promise<void> {
    return Promise.resolve();
  }
  saveSession(): BatchNumber {
    return 0;
  }
  removeSession(): BatchNumber {
    return 0;
  }
  saveSubscription(): BatchNumber {
    return 0;
  }
  removeSubscription(): BatchNumber {
    return 0;
  }
  enqueue(): BatchNumber {
    return 0;
  }
  assign(): BatchNumber {
    return 0;
  }
  release(): BatchNumber {
    return 0;
  }
  dequeue(): BatchNumber {
    return 0;
  }
  discard(): BatchNumber {
    return 0;
  }
  saveReceived(): BatchNumber {
    return 0;
  }
  removeReceived(): BatchNumber {
    return 0;
  }
  retain(): BatchNumber {
    return 0;
  }
  saveWill(): BatchNumber {
    return 0;
  }
}
