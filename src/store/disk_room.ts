/**
 * How much room the Store has: `ample`; `short` (what is there can be removed and acknowledged, and nothing else is
 * to be added); `none` (nothing can be written, and it is tried again and again).
 */
export type Room = "ample" | "short" | "none";

/** What stands against writing: the disk is full, or it answers with errors. */
export type DiskTrouble = "full" | "io";

/** What the Store says of its room. */
export interface RoomReport {
  /** How much there is now. */
  readonly room: Room;
  /** What stands against more; `undefined` while there is enough. */
  readonly trouble: DiskTrouble | undefined;
  /** What the disk answered, fit to stand behind a colon. */
  readonly reason: string;
  /** While the store could not be opened, what is known of it; left out once it is open. */
  readonly unopened?: Unopened;
}

/**
 * What a store that could not be opened holds: nothing (`empty`), or perhaps sessions that nobody could read
 * (`unread`), so that each message may be owed to one of them.
 */
export type Unopened = "empty" | "unread";

/** The room as the rest of the broker sees it: whoever would need the disk, or a queue, asks here first. */
export class DiskRoom {
  #room: Room = "ample";
  #unopened: Unopened | undefined;
  #queuesFull = false;
  readonly #waiting = new Set<() => void>();

  /** Whether more may be added. */
  get ample(): boolean {
    return this.#room === "ample";
  }

  /** How much there is. */
  get room(): Room {
    return this.#room;
  }

  /** Whether more messages may be taken that must be kept: there is room, also in the queues. */
  get takesMessages(): boolean {
    return this.#room === "ample" && !this.#queuesFull;
  }

  /** What is known of a store that could not be opened; `undefined` while it is open. */
  get unopened(): Unopened | undefined {
    return this.#unopened;
  }

  /** Notes what the Store says, and calls back who waits for a change. */
  set(room: Room, unopened?: Unopened): void {
    if (room === this.#room && unopened === this.#unopened) return;
    this.#room = room;
    this.#unopened = unopened;
    this.#changed();
  }

  /** Notes whether all queues together are full, and calls back who waits for a change. */
  setQueuesFull(full: boolean): void {
    if (full === this.#queuesFull) return;
    this.#queuesFull = full;
    this.#changed();
  }

  /** Calls back once, when the room changes. */
  onceChanged(callback: () => void): void {
    this.#waiting.add(callback);
  }

  /** Calls nobody back who has asked for it with this function. */
  forget(callback: () => void): void {
    this.#waiting.delete(callback);
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of waiting) callback();
  }
}
