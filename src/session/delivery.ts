import type { QoS } from "../codec/packet.ts";
import type { Message } from "../store/message.ts";
import type { BatchNumber, StoredDelivery } from "../store/store.ts";

/** How one message goes to one subscriber. */
export interface Terms {
  /** The QoS of the delivery: the lower of the message's and the subscription's. */
  readonly qos: QoS;
  /** The RETAIN flag of the delivery [MQTT-3.3.1-12, -13]. */
  readonly retain: boolean;
  /** Subscription identifiers to send with it. */
  readonly identifiers: readonly number[];
  /** The batch that must be committed before the message may leave. */
  readonly batch: BatchNumber;
}

/** A message owed to a subscriber, or to whichever member of a shared group takes it. */
export interface Delivery {
  /** The message, with buffers of its own. */
  readonly message: Message;
  /** The QoS to deliver with: the lower of the publisher's and the subscription's [MQTT-3.8.4-8]. */
  readonly qos: QoS;
  /** The RETAIN flag to send. */
  readonly retain: boolean;
  /** Identifiers of the matching subscriptions [MQTT-3.3.4-3]. */
  readonly identifiers: readonly number[];
  /** The batch that must be committed before the message may leave. */
  readonly batch: BatchNumber;
  /** Numbers the deliveries of its owner, for the Store. */
  readonly number: number;
  /** The shared group that owes it, if one does. */
  readonly group: DeliveryGroup | undefined;
  /** Whether the Store has it under the group's name. */
  readonly stored: boolean;
  /**
   * Bytes that had entered the member's Outbox before it did: tells whether the socket has seen any of it. -1 where
   * an earlier connection's has.
   */
  outboxPosition: number;
  /** The batch for which it had to wait at the gate, 0 if it did not. */
  gateBatch: BatchNumber;
}

/** A session that is a member of a shared group. */
export interface GroupMember {
  /** Its client identifier. */
  readonly clientId: string;
}

/** A shared group, as its members' sessions see it. */
export interface DeliveryGroup {
  /** `$share/group/filter`, under which the Store knows it. */
  readonly key: string;
  /** Notes that the Store held a delivery with this number, which a member was sent. */
  restoreSent(number: number): void;
  /** Takes a delivery back whose member went away, to give it to another one, before all that waits. */
  giveBack(delivery: Delivery): void;
  /** Gives what waits to whoever can take it, in turn. */
  feedAll(): void;
  /** Gives this member what waits, as long as it can take more. */
  feed(member: GroupMember): void;
}

/** A delivery that a shared group owes, under the group's number. */
export interface SharedOrigin {
  /** The group that owes it. */
  readonly group: DeliveryGroup;
  /** Its number among the deliveries of shared groups. */
  readonly number: number;
  /** Whether the Store has it. */
  readonly stored: boolean;
}

/** Makes the record of a message that is owed. */
export function makeDelivery(
  message: Message,
  terms: Terms,
  number: number,
  shared: SharedOrigin | undefined,
): Delivery {
  const { qos, retain, identifiers, batch } = terms;
  const group = shared?.group;
  const outboxPosition = 0;
  return {
    message,
    qos,
    retain,
    identifiers,
    batch,
    number,
    group,
    stored: shared?.stored === true,
    outboxPosition,
    gateBatch: 0,
  };
}

/** Makes the record of a message that the Store held: it is committed, and may leave at once. */
export function restoredDelivery(
  stored: StoredDelivery,
  group: DeliveryGroup | undefined,
): Delivery {
  const { message, qos, retain, identifiers, number } = stored;
  const terms = { qos, retain, identifiers, batch: 0 };
  const shared = group === undefined
    ? undefined
    : { group, number, stored: true };
  return makeDelivery(message, terms, number, shared);
}
