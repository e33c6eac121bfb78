import { getOrMake } from "../core/get_or_make.ts";
import {
  isSharedGroup,
  type StoredDelivery,
  type StoredSession,
  type StoredSubscription,
  type StoredWill,
  type StoreReader,
} from "../store/store.ts";
import type { Message } from "../store/message.ts";
import type { Session } from "../session/session.ts";
import type { Registry } from "./registry.ts";
import type { RetainedMessages } from "./retained.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What a {@linkcode Restore} fills. */
export interface RestoreOptions {
  /** Sessions, and the wills of clients without one. */
  readonly registry: Registry;
  /** Their subscriptions and shared groups. */
  readonly subscriptions: Subscriptions;
  /** Retained messages. */
  readonly retained: RetainedMessages;
}

/** Puts back what the Store held when the broker ended, however it ended. All of it comes before the first client. */
export class Restore implements StoreReader {
  readonly #options: RestoreOptions;
  /** What is owed and was sent to nobody yet, by owner and number. */
  readonly #owed = new Map<string, Map<number, StoredDelivery>>();

  /** Fills these. */
  constructor(options: RestoreOptions) {
    this.#options = options;
  }

  /** Puts a session back, offline. */
  saveSession(stored: StoredSession): void {
    this.#options.registry.restore(stored);
  }

  /** Puts a subscription of a session back. */
  saveSubscription(clientId: string, subscription: StoredSubscription): void {
    const session = this.#session(clientId);
    if (session === undefined) return;
    this.#options.subscriptions.restore(session, subscription);
  }

  /** Puts an inbound QoS 2 packet identifier back. */
  saveReceived(clientId: string, packetId: number): void {
    this.#session(clientId)?.received.add(packetId);
  }

  /** Takes a message that is owed, to be put back once it is known whether it was sent. */
  enqueue(owner: string, delivery: StoredDelivery): void {
    getOrMake(this.#owed, owner, () => new Map())
      .set(delivery.number, delivery);
  }

  /** Puts a message back that went to a client under this packet identifier. */
  assign(
    owner: string,
    deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): void {
    const session = this.#session(clientId);
    const delivery = this.#owed.get(owner)?.get(deliveryNumber);
    if (session === undefined || delivery === undefined) return;
    this.#owed.get(owner)!.delete(deliveryNumber);
    const group = isSharedGroup(owner)
      ? this.#options.subscriptions.restoredGroup(owner)
      : undefined;
    session.outbound.restoreSent(delivery, group, packetId);
  }

  /** Notes that PUBREC had come for this packet identifier. */
  release(clientId: string, packetId: number): void {
    this.#session(clientId)?.outbound.restoreReleased(packetId);
  }

  /** Puts a retained message back. */
  retain(_topic: string, message: Message | undefined): void {
    if (message !== undefined) this.#options.retained.restore(message);
  }

  /** Puts a will back, of a client with or without a session. */
  saveWill(clientId: string, will: StoredWill | undefined): void {
    const { registry } = this.#options;
    const session = this.#session(clientId) ??
      registry.restoreForWill(clientId);
    session.will = will;
  }

  /** All is told: queues what was sent to nobody, and lets expiries and the delays of wills run from now on. */
  finish(): void {
    const { registry, subscriptions } = this.#options;
    for (const [owner, owed] of this.#owed) {
      const group = isSharedGroup(owner)
        ? subscriptions.restoredGroup(owner)
        : undefined;
      const queue = group ?? this.#session(owner)?.outbound;
      for (const delivery of owed.values()) queue?.restoreQueued(delivery);
      // Its last member left with something of it under way.
      if (group?.size === 0) group.end();
    }
    this.#owed.clear();
    registry.resume();
  }

  #session(clientId: string): Session | undefined {
    return this.#options.registry.session(clientId);
  }
}
