import { getOrMake } from "../../core/get_or_make.ts";
import type { Tables } from "./tables.ts";
import type { Carrying, JournalSink } from "../journal/journal.ts";
import type { StoredBody } from "../journal/message_body.ts";
import type {
  StoredDelivery,
  StoredSession,
  StoredSubscription,
  StoredWill,
} from "../store.ts";

/** What a batch does to one delivery. */
interface Change {
  readonly owner: string;
  readonly number: number;
  /** The delivery, if the batch brought it; else it is in the database, and what changes is its assignment. */
  readonly delivery: Carrying<StoredDelivery, StoredBody> | undefined;
  /** The batch took it away again. */
  gone: boolean;
  client: string | undefined;
  packetId: number;
  released: boolean;
  position: number;
}

/**
 * What the writes of one batch come to. Most messages are enqueued, assigned and dequeued in a short time, many of
 * them within a batch: these are never written. So what concerns deliveries, inbound packet identifiers and retained
 * messages waits here until the batch has been read; sessions, subscriptions, wills and what is discarded are written
 * at once.
 */
export class NetWrites implements JournalSink<StoredBody> {
  readonly #tables: Tables;
  readonly #again: boolean;
  readonly #changes: Change[] = [];
  /** The changes by owner and number, without those that are gone. */
  readonly #byNumber = new Map<string, Map<number, Change>>();
  /** The changes with an assignment, by client and packet identifier. */
  readonly #byClient = new Map<string, Map<number, Change>>();
  /** Numbers of deliveries in the database that go. */
  readonly #dequeued = new Map<string, number[]>();
  readonly #received = new Map<string, Map<number, boolean>>();
  readonly #retained = new Map<string, StoredBody | undefined>();

  /** Writes to these; `again` where some or all of it may have been written before. */
  constructor(tables: Tables, { again = false } = {}) {
    this.#tables = tables;
    this.#again = again;
  }

  /** Keeps a session. */
  saveSession(session: StoredSession): void {
    const { owners, sessions } = this.#tables;
    sessions.saveSession(owners.intern(session.clientId), session);
  }

  /** Forgets a session. */
  removeSession(clientId: string): void {
    const { owners, sessions, deliveries } = this.#tables;
    for (const change of this.#byNumber.get(clientId)?.values() ?? []) {
      this.#drop(change);
    }
    this.#byNumber.delete(clientId);
    for (const change of this.#byClient.get(clientId)?.values() ?? []) {
      change.client = undefined;
    }
    this.#byClient.delete(clientId);
    this.#dequeued.delete(clientId);
    this.#received.delete(clientId);
    sessions.saveWill(clientId, undefined);
    const id = owners.find(clientId);
    if (id === undefined) return;
    deliveries.removeSession(id);
    sessions.removeSession(id);
    owners.remove(clientId, id);
  }

  /** Keeps a subscription. */
  saveSubscription(clientId: string, subscription: StoredSubscription): void {
    const { owners, sessions } = this.#tables;
    sessions.saveSubscription(owners.intern(clientId), subscription);
  }

  /** Forgets a subscription. */
  removeSubscription(clientId: string, filter: string): void {
    const { owners, sessions } = this.#tables;
    const id = owners.find(clientId);
    if (id !== undefined) sessions.removeSubscription(id, filter);
  }

  /** Keeps a message that is owed. */
  enqueue(
    owner: string,
    delivery: Carrying<StoredDelivery, StoredBody>,
  ): void {
    delivery.message.uses++;
    this.#change(owner, delivery.number, delivery);
  }

  /** Notes to whom a delivery goes. */
  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): void {
    const change = this.#byNumber.get(owner)?.get(deliveryNumber) ??
      this.#change(owner, deliveryNumber, undefined);
    this.#unassign(change);
    change.client = clientId;
    change.packetId = packetId;
    change.released = false;
    change.position = this.#tables.deliveries.nextPosition++;
    getOrMake(this.#byClient, clientId, () => new Map()).set(packetId, change);
  }

  /** Notes that PUBREC came. */
  release(clientId: string, packetId: number): void {
    const change = this.#byClient.get(clientId)?.get(packetId);
    if (change !== undefined) {
      change.released = true;
      return;
    }
    const { owners, deliveries } = this.#tables;
    const id = owners.find(clientId);
    if (id !== undefined) deliveries.release(id, packetId);
  }

  /** Forgets a delivery. */
  dequeue(owner: string, deliveryNumber: number): void {
    const change = this.#byNumber.get(owner)?.get(deliveryNumber);
    if (change !== undefined) {
      this.#forget(change);
      if (change.delivery !== undefined) return;
    }
    getOrMake(this.#dequeued, owner, () => []).push(deliveryNumber);
  }

  /** Forgets deliveries that went to nobody. */
  discard(owner: string, first: number, last: number): void {
    const sent: number[] = [];
    for (const [number, change] of this.#byNumber.get(owner) ?? []) {
      if (number < first || number > last) continue;
      if (change.client !== undefined) sent.push(number);
      // One in the database may still be assigned there to whom it went before this batch.
      else this.dequeue(owner, number);
    }
    const { owners, deliveries } = this.#tables;
    const id = owners.find(owner);
    if (id === undefined) return;
    let from = first;
    for (const number of [...sent.toSorted((a, b) => a - b), last + 1]) {
      if (number > from) deliveries.discard(id, from, number - 1);
      from = number + 1;
    }
  }

  /** Notes an inbound QoS 2 packet identifier. */
  saveReceived(clientId: string, packetId: number): void {
    getOrMake(this.#received, clientId, () => new Map()).set(packetId, true);
  }

  /** Forgets an inbound QoS 2 packet identifier. */
  removeReceived(clientId: string, packetId: number): void {
    getOrMake(this.#received, clientId, () => new Map()).set(packetId, false);
  }

  /** Keeps the retained message of a topic, or removes it. */
  retain(topic: string, message: StoredBody | undefined): void {
    this.#retained.set(topic, message);
  }

  /** Keeps a will, or removes it. */
  saveWill(
    clientId: string,
    will: Carrying<StoredWill, StoredBody> | undefined,
  ): void {
    this.#tables.sessions.saveWill(clientId, will);
  }

  /** Writes what it came to: the batch is at its end. */
  finish(): void {
    const { owners, sessions, deliveries, retained } = this.#tables;
    for (const [owner, numbers] of this.#dequeued) {
      const id = owners.find(owner);
      if (id === undefined) continue;
      for (const [first, last] of runs(numbers)) {
        deliveries.remove(id, first, last);
      }
    }
    for (const change of this.#changes) {
      if (!change.gone) this.#write(change);
    }
    for (const [clientId, packetIds] of this.#received) {
      const id = owners.intern(clientId);
      for (const [packetId, keeps] of packetIds) {
        if (keeps) sessions.saveReceived(id, packetId);
        else sessions.removeReceived(id, packetId);
      }
    }
    for (const [topic, body] of this.#retained) retained.retain(topic, body);
  }

  #change(
    owner: string,
    number: number,
    delivery: Carrying<StoredDelivery, StoredBody> | undefined,
  ): Change {
    const change: Change = {
      owner,
      number,
      delivery,
      gone: false,
      client: undefined,
      packetId: 0,
      released: false,
      position: 0,
    };
    this.#changes.push(change);
    getOrMake(this.#byNumber, owner, () => new Map()).set(number, change);
    return change;
  }

  #forget(change: Change): void {
    this.#unassign(change);
    this.#drop(change);
    this.#byNumber.get(change.owner)!.delete(change.number);
  }

  #drop(change: Change): void {
    change.gone = true;
    if (change.delivery !== undefined) change.delivery.message.uses--;
  }

  #unassign(change: Change): void {
    if (change.client === undefined) return;
    const assigned = this.#byClient.get(change.client);
    if (assigned?.get(change.packetId) === change) {
      assigned.delete(change.packetId);
    }
  }

  #write(change: Change): void {
    const { owners, deliveries } = this.#tables;
    const { delivery, client, packetId, released, position } = change;
    const owner = owners.intern(change.owner);
    const assignment = client === undefined
      ? undefined
      : { client: owners.intern(client), packetId, released, position };
    if (delivery !== undefined) {
      if (this.#again) deliveries.remove(owner, change.number, change.number);
      deliveries.insert(owner, delivery, assignment);
    } else deliveries.assign(owner, change.number, assignment);
  }
}

/** Consecutive numbers among these, as the first and the last of each run. */
function* runs(numbers: number[]): Generator<[number, number]> {
  numbers.sort((a, b) => a - b);
  let first = numbers[0]!;
  for (let i = 1; i <= numbers.length; i++) {
    if (numbers[i] === numbers[i - 1]! + 1) continue;
    yield [first, numbers[i - 1]!];
    first = numbers[i]!;
  }
}
