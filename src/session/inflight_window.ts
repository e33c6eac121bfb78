import type { QoS } from "../codec/packet.ts";

/** Where an outbound message with a packet identifier stands. */
export const InflightState = {
  /** No message bears the identifier. */
  Free: 0,
  /** A QoS 1 PUBLISH waits for its PUBACK. */
  AwaitsPuback: 1,
  /** A QoS 2 PUBLISH waits for its PUBREC. */
  AwaitsPubrec: 2,
  /** PUBREC came; PUBREL waits for its PUBCOMP. */
  AwaitsPubcomp: 3,
} as const;

/** One of {@linkcode InflightState}. */
export type InflightState = typeof InflightState[keyof typeof InflightState];

/** The state of a PUBLISH of this QoS, 1 or 2, that was sent. */
export function awaitedFor(qos: QoS): InflightState {
  return qos === 1 ? InflightState.AwaitsPuback : InflightState.AwaitsPubrec;
}

const NOTHING = new Uint8Array(0);
const SMALLEST = 8;
const IDENTIFIERS = 65_535;
interface Straggler<T> {
  readonly state: InflightState;
  readonly value: T | undefined;
}

/** Beyond this span the oldest unacknowledged message is set aside, so that the ring stays small. */
const MAXIMUM_SPAN = 32_768;

/**
 * The outbound messages of a session that have a packet identifier, in the order in which they were first sent
 * [MQTT-4.6.0-1]. Identifiers are given out in sequence, so that an identifier is a place in a ring and finding it
 * costs no look-up. The rare message that stays unacknowledged while tens of thousands pass it is kept in a map.
 *
 * @typeParam T What is kept of a message: what it takes to send it again, or `undefined` where nobody will ask.
 */
export class InflightWindow<T> {
  #states: Uint8Array = NOTHING;
  #values: (T | undefined)[] = [];
  /** Counts of identifiers given out: the ring holds [#oldest, #next). Identifier = count mod 65,535 + 1. */
  #oldest = 0;
  #next = 0;
  #size = 0;
  #stragglers: Map<number, Straggler<T>> | undefined;

  /** How many messages are under way. */
  get size(): number {
    return this.#size;
  }

  /** Enters a message and returns its packet identifier, unused until now [MQTT-2.2.1-4]; 0 if all are in use. */
  open(state: InflightState, value: T | undefined): number {
    if (this.#size >= IDENTIFIERS) return 0;
    let id: number;
    do {
      if (this.#next - this.#oldest >= this.#states.length) this.#makeRoom();
      id = this.#next % IDENTIFIERS + 1;
      this.#next++;
    } while (this.#stragglers?.has(id));
    const slot = (this.#next - 1) & (this.#states.length - 1);
    this.#states[slot] = state;
    this.#values[slot] = value;
    this.#size++;
    return id;
  }

  /**
   * Enters a message that was under way with this identifier before the broker started, after those sent before it.
   * Where identifiers do not rise in that order, the earlier ones were stragglers.
   */
  restore(id: number, state: InflightState, value: T | undefined): void {
    if (this.#oldest === this.#next) this.#oldest = this.#next = id - 1;
    while (this.#next % IDENTIFIERS + 1 !== id) {
      if (this.#next - this.#oldest >= this.#states.length) this.#makeRoom();
      this.#next++;
    }
    this.open(state, value);
  }

  /** The state of the message with this identifier. */
  state(id: number): InflightState {
    const slot = this.#slot(id);
    if (slot >= 0) return this.#states[slot] as InflightState;
    return this.#stragglers?.get(id)?.state ?? InflightState.Free;
  }

  /** What is kept of the message with this identifier. */
  value(id: number): T | undefined {
    const slot = this.#slot(id);
    return slot >= 0 ? this.#values[slot] : this.#stragglers?.get(id)?.value;
  }

  /** Notes that PUBREC came: the message itself is not needed any more. */
  release(id: number, value: T | undefined): void {
    const slot = this.#slot(id);
    if (slot >= 0) {
      this.#states[slot] = InflightState.AwaitsPubcomp;
      this.#values[slot] = value;
    } else if (this.#stragglers?.has(id)) {
      this.#stragglers.set(id, { state: InflightState.AwaitsPubcomp, value });
    }
  }

  /** Ends a message: its identifier is free again. */
  close(id: number): void {
    const slot = this.#slot(id);
    if (slot >= 0) {
      this.#states[slot] = InflightState.Free;
      this.#values[slot] = undefined;
      this.#size--;
      this.#dropFreed();
    } else if (this.#stragglers?.delete(id)) {
      this.#size--;
    }
  }

  /** The identifiers under way, oldest first. */
  identifiers(): number[] {
    const ids = [...this.#stragglers?.keys() ?? []];
    for (let count = this.#oldest; count < this.#next; count++) {
      if (
        this.#states[count & (this.#states.length - 1)] !== InflightState.Free
      ) ids.push(count % IDENTIFIERS + 1);
    }
    return ids;
  }

  /** The ring's slot of an identifier under way, or -1. */
  #slot(id: number): number {
    const span = this.#next - this.#oldest;
    let distance = id - 1 - this.#oldest % IDENTIFIERS;
    if (distance < 0) distance += IDENTIFIERS;
    if (distance >= span) return -1;
    const slot = (this.#oldest + distance) & (this.#states.length - 1);
    return this.#states[slot] === InflightState.Free ? -1 : slot;
  }

  #dropFreed(): void {
    const mask = this.#states.length - 1;
    while (
      this.#oldest < this.#next &&
      this.#states[this.#oldest & mask] === InflightState.Free
    ) this.#oldest++;
  }

  #makeRoom(): void {
    if (this.#states.length >= MAXIMUM_SPAN) {
      // Identifiers that were passed over because a straggler has them hold free places.
      this.#dropFreed();
      if (this.#next - this.#oldest < this.#states.length) return;
      const slot = this.#oldest & (this.#states.length - 1);
      this.#stragglers ??= new Map();
      this.#stragglers.set(this.#oldest % IDENTIFIERS + 1, {
        state: this.#states[slot] as InflightState,
        value: this.#values[slot],
      });
      this.#states[slot] = InflightState.Free;
      this.#values[slot] = undefined;
      this.#dropFreed();
      return;
    }
    const length = Math.max(SMALLEST, this.#states.length * 2);
    const states = new Uint8Array(length);
    const values: (T | undefined)[] = new Array(length);
    for (let count = this.#oldest; count < this.#next; count++) {
      states[count & (length - 1)] = this
        .#states[count & (this.#states.length - 1)]!;
      values[count & (length - 1)] =
        this.#values[count & (this.#values.length - 1)];
    }
    this.#states = states;
    this.#values = values;
  }
}
