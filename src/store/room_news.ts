import type { Counters } from "../core/counters.ts";
import type { Log } from "../core/log.ts";
import type { Room, RoomReport } from "./disk_room.ts";

/** What {@linkcode RoomNews} tells, and where. */
export interface RoomNewsOptions {
  /** Where it is written down. */
  readonly log: Log;
  /** Where it is counted. */
  readonly counters: Counters;
  /** Shown as long as it lasts; `undefined` when it is over. */
  readonly alarm: (sentence: string | undefined) => void;
}

/** What there is to say where there is less room than ample. */
const NEWS = {
  short:
    "The disk is full: what would have to be kept is refused or waits, and all else goes on",
  none:
    "The disk cannot be written to: nothing that it must keep is acknowledged until it can",
} as const;

/** What there is to say while the store cannot be opened. */
const UNOPENED =
  "The store cannot be opened, and this is tried again every two seconds: until then nothing is acknowledged that " +
  "would have to be kept, and persistent sessions and wills are refused (mend the folder, or start with " +
  "--when-store-unusable memory to keep things in memory only)";

/** Tells the operator that the disk has no room, and that it has again: each once, however often it changes between. */
export class RoomNews {
  readonly #options: RoomNewsOptions;
  #worst: Room = "ample";
  #isUnopened = false;

  /** Has nothing to tell yet. */
  constructor(options: RoomNewsOptions) {
    this.#options = options;
  }

  /** Takes what the Store says of its room. */
  take({ room, trouble, reason, unopened }: RoomReport): void {
    const { log, counters, alarm } = this.#options;
    if (unopened !== undefined) {
      this.#isUnopened = true;
      log.error(UNOPENED, { reason });
      alarm(`${UNOPENED}: ${reason}`);
      return;
    }
    if (this.#isUnopened) {
      this.#isUnopened = false;
      log.info("The store is open: what must be kept is kept from now on");
      alarm(undefined);
      if (room === "ample") return;
    }
    if (room === "ample") {
      this.#worst = room;
      log.info("There is room on the disk again: all goes on");
      alarm(undefined);
      return;
    }
    if (this.#worst === "none" || this.#worst === room) return;
    if (this.#worst === "ample") counters.diskPauses++;
    this.#worst = room;
    const message = NEWS[room];
    if (room === "none") log.error(message, { trouble, reason });
    else log.warn(message, { reason });
    alarm(`${message}: ${reason}`);
  }
}
