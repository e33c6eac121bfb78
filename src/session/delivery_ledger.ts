import type { SendingSession } from "./context.ts";
import type { Limits } from "../core/limits.ts";
import { isKept, type Message } from "../store/message.ts";
import type { BatchNumber, Store, StoredDelivery } from "../store/store.ts";
import type { Terms } from "./delivery.ts";
import type { BacklogOwner } from "./backlog_owner.ts";
import { type Delivery, restoredDelivery } from "./delivery.ts";
import type { AnyLink } from "./link.ts";

/** Between a session and the Store: what that is told of its deliveries, if anything of it is to survive, and tells. */
export class DeliveryLedger implements BacklogOwner<Delivery> {
  readonly #store: Store;
  readonly #session: SendingSession;

  /** Tells this Store of the deliveries of this session. */
  constructor(store: Store, session: SendingSession) {
    this.#store = store;
    this.#session = session;
  }

  /** The session's client identifier. */
  get key(): string {
    return this.#session.clientId;
  }

  /** How much may wait in the session. */
  get limits(): Limits {
    return this.#session.limits;
  }

  /** Whether the client is there, or about to be. */
  get online(): boolean {
    return this.#session.link !== undefined;
  }

  /** Makes the record of a message that the Store held. */
  fromStore(stored: StoredDelivery): Delivery {
    return restoredDelivery(stored, undefined);
  }

  /** Has the session go on with what has come from the Store. */
  pageCame(): void {
    this.#session.outbound.pump();
  }

  /** Forgets a delivery that is dropped. */
  forget(delivery: Delivery): void {
    this.dequeue(delivery);
  }

  /** Keeps a message that is owed to the session itself. */
  enqueue(message: Message, terms: Terms, number: number): BatchNumber {
    const { stored, clientId } = this.#session;
    if (!stored || !isKept(message)) return 0;
    const { qos, retain, identifiers } = terms;
    const { owned } = message;
    const delivery = { message: owned, qos, retain, identifiers, number };
    return this.#store.enqueue(clientId, delivery);
  }

  /** Notes a delivery's packet identifier; returns the batch before which it must not leave. */
  assign(
    link: AnyLink,
    delivery: Delivery | undefined,
    packetId: number,
    batch: BatchNumber,
  ): BatchNumber {
    if (delivery === undefined) return batch;
    delivery.outboxPosition = link.outbox.appended;
    const { stored, clientId } = this.#session;
    let leaves = batch;
    if (stored && isKept(delivery.message)) {
      const owner = delivery.group?.key ?? clientId;
      const { number, qos } = delivery;
      const assigned = this.#store.assign(owner, number, clientId, packetId);
      // A QoS 1 message may come twice, a QoS 2 message must be known by its identifier after a crash.
      if (qos === 2) leaves = assigned;
    }
    const inOrder = link.inOrder(leaves);
    delivery.gateBatch = link.passes(inOrder) ? 0 : inOrder;
    return leaves;
  }

  /** Notes that PUBREC came for a delivery; PUBREL must not leave before the batch returned. */
  release(delivery: Delivery | undefined, packetId: number): BatchNumber {
    const { stored, clientId } = this.#session;
    if (!stored || delivery === undefined || !isKept(delivery.message)) {
      return 0;
    }
    return this.#store.release(clientId, packetId);
  }

  /** Forgets a delivery: acknowledged, discarded or expired. */
  dequeue(delivery: Delivery): void {
    if (!this.#store.durable || !isKept(delivery.message)) return;
    const { group, number } = delivery;
    if (group !== undefined) this.#store.dequeue(group.key, number);
    else if (this.#session.stored) {
      this.#store.dequeue(this.#session.clientId, number);
    }
  }
}
