// Writes to a Store that make sense, whatever numbers they are chosen with.

import fc from "fast-check";
import type { QoS } from "../../../src/codec/packet.ts";
import { Contents } from "../../../src/store/contents.ts";
import { Message } from "../../../src/store/message.ts";
import type { BatchNumber, StoreWrites } from "../../../src/store/store.ts";

/** A message for tests. */
export function testMessage(
  payload: string,
  parts: Partial<ConstructorParameters<typeof Message>[0]> = {},
): Message {
  const encoder = new TextEncoder();
  const text = parts.topic?.text ?? "t";
  return Message.of({
    qos: 1,
    retain: false,
    properties: new Uint8Array(0),
    expiresAt: Infinity,
    publisher: "p",
    ...parts,
    topic: { text, bytes: encoder.encode(text) },
    payload: encoder.encode(payload),
  });
}

const CLIENTS = ["client-0", "client-1", "Gerät/2 ☃"];
const OWNERS = [...CLIENTS, "$share/g/a/+", "$share/h/#"];
const TOPICS = ["a/b", "a/c", "ä/☃"];

/** One step: what is done, and numbers to choose with among what there is. */
export type Step = readonly [kind: string, a: number, b: number, c: number];

/** How often each kind of step comes. */
const WEIGHTS = {
  saveSession: 4,
  removeSession: 2,
  saveSubscription: 2,
  removeSubscription: 1,
  enqueue: 10,
  assign: 8,
  release: 3,
  dequeue: 6,
  discard: 1,
  saveReceived: 2,
  removeReceived: 2,
  retain: 3,
  unretain: 1,
  saveWill: 2,
  removeWill: 1,
  commit: 5,
  close: 1,
  crash: 1,
};

const KINDS = Object.entries(WEIGHTS).flatMap(([kind, weight]) =>
  Array<string>(weight).fill(kind)
);

/** Any steps. */
export const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom(...KINDS),
    fc.nat(1000),
    fc.nat(1000),
    fc.nat(1000),
  ),
  { maxLength: 120, size: "max" },
);

function pick<T>(from: Iterable<T>, index: number): T | undefined {
  const all = [...from];
  return all[index % all.length];
}

/** Makes writes that make sense after those before them. */
export class Scribe {
  /** What the writes come to. */
  written = new Contents();
  readonly #numbers = new Map<string, number>();
  #messages: Message[] = [];

  /** Does a step to the model and to the Store; returns its batch, or 0 where there is nothing to do it with. */
  write([kind, a, b, c]: Step, store: StoreWrites<unknown>): BatchNumber {
    const write = this.#write(kind, a, b, c);
    if (write === undefined) return 0;
    write(this.written);
    return write(store) as BatchNumber;
  }

  #write(
    kind: string,
    a: number,
    b: number,
    c: number,
  ): ((writes: StoreWrites<unknown>) => unknown) | undefined {
    const { sessions, deliveries, assigned } = this.written;
    const client = pick(CLIENTS, a)!;
    const session = pick(sessions.keys(), a);
    if (kind === "saveSession") {
      const expiryInterval = b % 3 === 0 ? Infinity : b;
      const endedAt = c % 2 === 0 ? undefined : 1.7e12 + c / 8;
      const user = owned(c);
      return (to) =>
        to.saveSession({ clientId: client, expiryInterval, endedAt, ...user });
    }
    if (kind === "retain" || kind === "saveWill") {
      const topic = pick(TOPICS, b)!;
      const message = this.#message(c, topic);
      if (kind === "retain") return (to) => to.retain(topic, message);
      const will = {
        message,
        delayInterval: b,
        expiryInterval: c - 1,
        ...owned(a + b),
      };
      return (to) => to.saveWill(client, will);
    }
    if (kind === "unretain") {
      return (to) => to.retain(pick(TOPICS, a)!, undefined);
    }
    if (kind === "removeWill") return (to) => to.saveWill(client, undefined);
    if (kind === "dequeue") {
      const owner = pick(OWNERS, a)!;
      const number = pick(deliveries.get(owner)?.keys() ?? [], b) ?? 5000 + b;
      return (to) => to.dequeue(owner, number);
    }
    if (kind === "discard") {
      const owner = pick(OWNERS, a)!;
      const number = pick(deliveries.get(owner)?.keys() ?? [], b) ?? 1;
      return (to) => to.discard(owner, number, number + c % 5);
    }
    if (session === undefined) return undefined;
    const packetId = 1 + b % 4;
    switch (kind) {
      case "removeSession":
        return (to) => to.removeSession(session);
      case "saveSubscription":
        return (to) =>
          to.saveSubscription(session, {
            filter: pick(["a/#", "ä/+", "$share/g/a/+"], b)!,
            qos: c % 3 as QoS,
            noLocal: c % 5 === 0,
            retainAsPublished: c % 7 === 0,
            retainHandling: b % 3 as QoS,
            identifier: c % 2 === 0 ? 0 : 200_000_000 + c,
          });
      case "removeSubscription":
        return (to) => to.removeSubscription(session, pick(["a/#", "ä/+"], b)!);
      case "enqueue":
        return this.#enqueue(a, b, c);
      case "assign": {
        const owner = pick([session, ...OWNERS.slice(3)], b)!;
        const delivery = pick(deliveries.get(owner)?.values() ?? [], c);
        if (delivery === undefined) return undefined;
        const holder = assigned.get(session)?.get(packetId);
        if (holder !== undefined && holder !== delivery) return undefined;
        return (to) => to.assign(owner, delivery.number, session, packetId);
      }
      case "release": {
        if (assigned.get(session)?.get(packetId)?.qos !== 2) return undefined;
        return (to) => to.release(session, packetId);
      }
      case "saveReceived":
        return (to) => to.saveReceived(session, packetId);
      default:
        return (to) => to.removeReceived(session, packetId);
    }
  }

  #enqueue(a: number, b: number, c: number) {
    const owner = pick(
      [...this.written.sessions.keys(), ...OWNERS.slice(3)],
      a,
    )!;
    const number = (this.#numbers.get(owner) ?? 0) + 1 + b % 2;
    this.#numbers.set(owner, number);
    const message = b % 3 > 0 && this.#messages.length > 0
      ? pick(this.#messages, c)!
      : this.#message(c, pick(TOPICS, b)!);
    const delivery = {
      number,
      message,
      qos: c % 3 as QoS,
      retain: c % 4 === 0,
      identifiers: c % 5 === 0 ? [1, 300, 268_435_455] : [],
    };
    return (to: StoreWrites<unknown>) => to.enqueue(owner, delivery);
  }

  #message(c: number, topic: string): Message {
    const message = testMessage("x".repeat(c % 10 === 0 ? c * 50 : c % 100), {
      topic: { text: topic, bytes: new Uint8Array(0) },
      qos: c % 3 as QoS,
      retain: c % 2 === 0,
      // Payload Format Indicator.
      properties: Uint8Array.of(0x01, c % 2).subarray(c % 3 > 0 ? 0 : 2),
      expiresAt: c % 4 === 0 ? 1.7e12 + c / 4 : Infinity,
      publisher: pick(CLIENTS, c)!,
    });
    this.#messages = [message, ...this.#messages].slice(0, 3);
    return message;
  }
}

/** Whose something is: one in three is nobody's in particular. */
function owned(n: number): { user?: string } {
  return n % 3 === 0 ? {} : { user: `user ${n % 3}` };
}
