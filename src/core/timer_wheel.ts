import type { Clock } from "./clock.ts";

/** Milliseconds in a tick: how late a callback may be called while the event loop is idle. */
const TICK = 10;
const SLOT_BITS = 5;
const SLOTS = 1 << SLOT_BITS;
/** 32 to the power of 8 ticks are 348 years. */
const LEVELS = 8;
/** How many ticks one slot of a level spans. */
const SPAN = Array.from(
  { length: LEVELS },
  (_, level) => SLOTS ** level,
) as readonly number[];
/** The longest delay, in milliseconds: 2^32 seconds, or 136 years. */
const MAXIMUM_DELAY = 2 ** 32 * 1000;
/** What `setTimeout` can take. */
const MAXIMUM_SLEEP = 2 ** 31 - 1;
/** Entries may be sorted into finer slots this many at a time between two looks at the clock. */
const CASCADE_AT_ONCE = 256;

/** Something that is to happen later, from {@linkcode TimerWheel.schedule}. */
export interface Timer {
  /** Whether it is still to happen. */
  readonly active: boolean;
  /** Makes it not happen. Harmless when it has happened, or twice. */
  cancel(): void;
  /** Makes it happen in `delayMs` milliseconds from now, and only then, even where it has happened already. */
  reschedule(delayMs: number): void;
}

/** The part of a {@linkcode TimerWheel} that most of the code needs. */
export interface Timers {
  /** Calls `callback` once, when `delayMs` milliseconds have passed or soon after. */
  schedule(delayMs: number, callback: () => void): Timer;
}

/** How a {@linkcode TimerWheel} behaves. */
export interface TimerWheelOptions {
  /** Is told what a callback throws. Left out, it is an uncaught error. */
  readonly onError?: (error: unknown) => void;
  /** After how many milliseconds of work other tasks of the event loop get their turn. The default is 2. */
  readonly sliceMs?: number;
}

/** A ring of entries, and each entry in it. */
class Link {
  previous: Link = this;
  next: Link = this;
}

class Entry extends Link implements Timer {
  readonly #wheel: Scheduler;
  readonly callback: () => void;
  /** The tick at which it happens. */
  due = 0;
  /** The slot it is in; -1 where in none. */
  slot = -1;

  constructor(wheel: Scheduler, callback: () => void) {
    super();
    this.#wheel = wheel;
    this.callback = callback;
  }

  get active(): boolean {
    return this.slot >= 0;
  }

  cancel(): void {
    this.#wheel.unlink(this);
  }

  reschedule(delayMs: number): void {
    this.#wheel.unlink(this);
    this.#wheel.add(this, delayMs);
  }
}

interface Scheduler {
  add(entry: Entry, delayMs: number): void;
  unlink(entry: Entry): void;
}

/**
 * One timer for everything that is to happen later. It sleeps until its next entry is due; setting
 * and cancelling an entry is O(1), however many there are.
 *
 * Callbacks are never called early, in the order of their time (to 10 ms), and where many are due at
 * once in slices between which the event loop goes on. What a callback throws does not stop it.
 *
 * It is a hierarchy of rings of 32 slots. A slot of the lowest ring spans one tick, one of the next
 * ring as much as the whole ring below. When time reaches a slot of a higher ring, its entries are
 * sorted into the rings below.
 */
export class TimerWheel implements Timers {
  readonly #clock: Clock;
  readonly #origin: number;
  readonly #onError: (error: unknown) => void;
  readonly #sliceMs: number;
  /** The ring of each slot, made once the slot is used. */
  readonly #slots = new Array<Link | undefined>(LEVELS * SLOTS).fill(undefined);
  /** For each slot no more than the earliest due tick in it: when to wake up for it. */
  readonly #earliest = new Float64Array(LEVELS * SLOTS).fill(Infinity);
  /** For each ring a bit for each slot that is not empty. */
  readonly #occupied = new Int32Array(LEVELS);
  readonly #scheduler: Scheduler = {
    add: (entry, delayMs) => this.#add(entry, delayMs),
    unlink: (entry) => this.#unlink(entry),
  };
  /** The tick up to which everything was done; slots are counted from it. */
  #current = 0;
  /** The first tick for which callbacks that run now can schedule something. */
  #soonest = 0;
  #size = 0;
  #wakesAt = Infinity;
  #callOff: (() => void) | undefined;
  #closed = false;

  /** A wheel that goes by the monotonic time of `clock`. */
  constructor(clock: Clock, options: TimerWheelOptions = {}) {
    this.#clock = clock;
    this.#origin = clock.monotonic();
    this.#onError = options.onError ?? reportError;
    this.#sliceMs = options.sliceMs ?? 2;
  }

  /** How many entries are still to happen. */
  get size(): number {
    return this.#size;
  }

  /**
   * Calls `callback` once, when `delayMs` milliseconds have passed or soon after. Delays below 0 count
   * as 0 and those above 136 years as that. After {@linkcode TimerWheel.close} nothing happens any more.
   */
  schedule(delayMs: number, callback: () => void): Timer {
    const entry = new Entry(this.#scheduler, callback);
    this.#add(entry, delayMs);
    return entry;
  }

  /** Does what is due by now, up to the end of a slice. It is called by itself; for tests. */
  runDue(): void {
    if (this.#closed) return;
    const start = this.#clock.monotonic();
    const now = Math.floor((start - this.#origin) / TICK);
    this.#soonest = now + 1;
    let done = false;
    try {
      done = this.#runUntil(now, start + this.#sliceMs);
    } finally {
      this.#soonest = 0;
      this.#sleep();
      if (done) this.#arm();
      else this.#armAt(this.#clock.monotonic());
    }
  }

  /** Forgets all entries and stops for good. */
  close(): void {
    this.#closed = true;
    this.#sleep();
    for (const ring of this.#slots) {
      if (ring === undefined) continue;
      while (ring.next !== ring) this.#unlink(ring.next as Entry);
    }
  }

  #add(entry: Entry, delayMs: number): void {
    if (Number.isNaN(delayMs)) {
      throw new RangeError(
        "Cannot schedule a timer: the delay is not a number",
      );
    }
    if (this.#closed) return;
    const now = this.#clock.monotonic() - this.#origin;
    const delay = Math.min(Math.max(delayMs, 0), MAXIMUM_DELAY);
    if (this.#size === 0 && this.#soonest === 0) {
      this.#current = Math.max(this.#current, Math.floor(now / TICK));
    }
    entry.due = Math.max(Math.ceil((now + delay) / TICK), this.#soonest);
    this.#link(entry);
    this.#size++;
    if (this.#soonest === 0) this.#armAt(this.#timeOf(entry.due));
  }

  /** Puts an entry into the finest ring that reaches as far as its time. */
  #link(entry: Entry): void {
    let level = 0;
    let index = entry.due;
    let base = this.#current;
    while (index - base >= SLOTS) {
      level++;
      index = Math.floor(index / SLOTS);
      base = Math.floor(base / SLOTS);
    }
    const slot = level * SLOTS + index % SLOTS;
    const ring = this.#slots[slot] ??= new Link();
    entry.slot = slot;
    entry.next = ring;
    entry.previous = ring.previous;
    ring.previous.next = entry;
    ring.previous = entry;
    this.#occupied[level] = (this.#occupied[level] as number) |
      (1 << (index % SLOTS));
    if (entry.due < (this.#earliest[slot] as number)) {
      this.#earliest[slot] = entry.due;
    }
  }

  #unlink(entry: Entry): void {
    const slot = entry.slot;
    if (slot < 0) return;
    entry.previous.next = entry.next;
    entry.next.previous = entry.previous;
    entry.next = entry;
    entry.previous = entry;
    entry.slot = -1;
    this.#size--;
    const ring = this.#slots[slot] as Link;
    if (ring.next !== ring) return;
    const level = slot >> SLOT_BITS;
    this.#occupied[level] = (this.#occupied[level] as number) &
      ~(1 << (slot % SLOTS));
    this.#earliest[slot] = Infinity;
  }

  /** Goes from occupied slot to occupied slot in the order of time. False where `deadline` cut it short. */
  #runUntil(now: number, deadline: number): boolean {
    while (!this.#closed && this.#size > 0) {
      // Of slots that begin at the same time the coarsest comes first: it may hold what is due.
      let level = -1;
      let begin = Infinity;
      for (let i = LEVELS - 1; i >= 0; i--) {
        const next = this.#nextSlot(i) * (SPAN[i] as number);
        if (next < begin) {
          begin = next;
          level = i;
        }
      }
      if (begin > now) break;
      this.#current = Math.max(this.#current, begin);
      const slot = level * SLOTS +
        Math.floor(begin / (SPAN[level] as number)) % SLOTS;
      if (
        !(level === 0
          ? this.#fire(slot, deadline)
          : this.#cascade(slot, deadline))
      ) return false;
    }
    this.#current = Math.max(this.#current, now);
    return true;
  }

  #fire(slot: number, deadline: number): boolean {
    const ring = this.#slots[slot] as Link;
    while (ring.next !== ring) {
      const entry = ring.next as Entry;
      this.#unlink(entry);
      try {
        entry.callback();
      } catch (error) {
        this.#onError(error);
      }
      if (this.#clock.monotonic() >= deadline) return false;
    }
    return true;
  }

  #cascade(slot: number, deadline: number): boolean {
    const ring = this.#slots[slot] as Link;
    for (let count = 1; ring.next !== ring; count++) {
      const entry = ring.next as Entry;
      this.#unlink(entry);
      this.#link(entry);
      this.#size++;
      if (
        count % CASCADE_AT_ONCE === 0 && this.#clock.monotonic() >= deadline
      ) return ring.next === ring;
    }
    return true;
  }

  /** The first occupied slot of a ring from the present on, counted in slots since the origin. */
  #nextSlot(level: number): number {
    const bits = this.#occupied[level] as number;
    if (bits === 0) return Infinity;
    const first = Math.floor(this.#current / (SPAN[level] as number));
    const shift = first % SLOTS;
    const rotated = (bits >>> shift) | (bits << (SLOTS - shift));
    return first + 31 - Math.clz32(rotated & -rotated);
  }

  #timeOf(tick: number): number {
    return this.#origin + tick * TICK;
  }

  /** Sleeps until the next entry is due: each ring's first slot knows for the whole ring. */
  #arm(): void {
    let due = Infinity;
    for (let level = 0; level < LEVELS; level++) {
      const next = this.#nextSlot(level);
      if (next === Infinity) continue;
      due = Math.min(
        due,
        this.#earliest[level * SLOTS + next % SLOTS] as number,
      );
    }
    if (due !== Infinity) this.#armAt(this.#timeOf(due));
  }

  #armAt(at: number): void {
    if (this.#closed || at >= this.#wakesAt) return;
    this.#sleep();
    this.#wakesAt = at;
    const delay = Math.min(
      Math.max(0, Math.ceil(at - this.#clock.monotonic())),
      MAXIMUM_SLEEP,
    );
    const wake = () => {
      this.#callOff = undefined;
      this.#wakesAt = Infinity;
      this.runDue();
    };
    if (this.#clock.wake !== undefined) {
      this.#callOff = this.#clock.wake(wake, delay);
    } else {
      const id = setTimeout(wake, delay);
      this.#callOff = () => clearTimeout(id);
    }
  }

  /** Calls the wake-up off. */
  #sleep(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#wakesAt = Infinity;
  }
}
