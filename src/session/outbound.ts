// Messages on their way to one client.

import { Deque } from "../core/deque.ts";
import { type Acknowledgement, PacketType, type QoS } from "../codec/packet.ts";
import { publishSize, writePublish } from "../codec/encode.ts";
import { protocolError } from "../codec/packet_error.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import type { Message } from "../store/message.ts";
import type { BatchNumber, StoredSubscription } from "../store/store.ts";
import type { Replay, SessionContext, Terms } from "./context.ts";
import {
  type Delivery,
  type DeliveryGroup,
  NO_IDENTIFIERS,
} from "./delivery.ts";
import { type Frame, type Frames, publishParts } from "./frames.ts";
import { InflightState, InflightWindow } from "./inflight_window.ts";
import type { Link } from "./link.ts";
import type { Session } from "./session.ts";

/** Retained messages are read from their cursor while the Outbox holds less than this. */
const REPLAY_BELOW = 64 * 1024;

/** A delivery that a shared group owes, under the group's number. */
export interface SharedOrigin {
  readonly group: DeliveryGroup;
  readonly number: number;
}

/**
 * What a session sends: the window of QoS 1 and 2 messages under way, the queue behind it, and the retained
 * messages asked for. State machines of section 4.3, seen from the sender.
 */
export class Outbound {
  readonly #context: SessionContext;
  readonly #session: Session;
  readonly #window = new InflightWindow<Delivery>();
  readonly #queue = new Deque<Delivery>();
  #queuedBytes = 0;
  readonly #replays = new Deque<Replay>();
  /** Messages to send again on the present Link, oldest first. */
  #resends: number[] = [];
  #lastNumber = 0;

  /** Makes the sending side of a session. */
  constructor(context: SessionContext, session: Session) {
    this.#context = context;
    this.#session = session;
  }

  /** Bytes of the messages that wait here. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Messages that wait here, not yet sent. */
  get queuedMessages(): number {
    return this.#queue.length;
  }

  /** Whether it can be sent a QoS 1 or 2 message of this size right now. */
  canTake(size: number): boolean {
    const link = this.#session.link;
    return link !== undefined && link.ready && link.sendQuota > 0 &&
      this.#queue.length === 0 &&
      this.#resends.length === 0 && link.outbox.hasRoom(size + link.gate.bytes);
  }

  /** Whether it is online and a QoS 0 message of this size would not be dropped. */
  hasRoom(size: number): boolean {
    const link = this.#session.link;
    return link !== undefined && link.ready &&
      link.outbox.hasRoom(size + link.gate.bytes);
  }

  /** Goes on with a client that is back: what was under way is sent again, in order [MQTT-4.4.0-1]. */
  resume(): void {
    this.#resends = this.#window.identifiers();
  }

  /** Notes that the connection is gone. What the socket never saw of shared messages goes to other members. */
  detach(): void {
    const sent = this.#session.link?.outbox.taken ?? 0;
    this.#resends = [];
    const unsent: Delivery[] = [];
    for (const id of this.#window.identifiers()) {
      const delivery = this.#window.value(id);
      if (delivery?.group === undefined || delivery.outboxPosition < sent) {
        continue;
      }
      if (this.#window.state(id) === InflightState.AwaitsPubcomp) continue;
      this.#window.close(id);
      unsent.push(delivery);
    }
    giveBack(unsent);
  }

  /** Ends the session: what it was owed is dropped, but for shared QoS 1 messages [MQTT-4.8.2-4, -5]. */
  end(): void {
    const unacknowledged: Delivery[] = [];
    for (const id of this.#window.identifiers()) {
      const delivery = this.#window.value(id);
      if (
        delivery?.group !== undefined &&
        this.#window.state(id) === InflightState.AwaitsPuback
      ) {
        unacknowledged.push(delivery);
      }
      this.#window.close(id);
    }
    giveBack(unacknowledged);
    if (this.#queue.length > 0) {
      this.#context.dropped(this.#session, "sessionEnded", this.#queue.length);
    }
    this.#countQueued(-this.#queue.length, -this.#queuedBytes);
    this.#queue.clear();
    this.#replays.clear();
  }

  /** Sends a QoS 0 message, or drops it where the client is offline or reads too slowly. */
  deliverAtMostOnce(frames: Frames, message: Message, terms: Terms): void {
    const link = this.#session.link;
    if (link === undefined || !link.ready) {
      this.#context.dropped(this.#session, "offline");
      return;
    }
    const frame = frames.frame(link.terms.version, 0, terms.retain);
    const size = frame.end - frame.start;
    if (!link.outbox.hasRoom(size + link.gate.bytes)) {
      this.#context.dropped(this.#session, "outboxFull");
    } else if (
      needsOwnCopy(link, terms) || size > link.terms.maximumPacketSize
    ) {
      this.#write(link, message, terms, 0, false);
    } else {
      const buffer = link.passes(terms.batch)
        ? link.outbox.buffer
        : link.gate.buffer;
      buffer.append(frame.bytes, frame.start, frame.end);
      this.#wrote(link, 0, terms.batch);
    }
  }

  /**
   * Sends a QoS 1 or 2 message, or keeps it until it can be sent; one of a shared group only after asking
   * {@linkcode Outbound.canTake}. Returns the batch that keeps it.
   */
  deliver(
    frames: Frames,
    message: Message,
    terms: Terms,
    shared?: SharedOrigin,
  ): BatchNumber {
    const { store } = this.#context;
    const { link, persistent, clientId } = this.#session;
    const number = shared?.number ?? ++this.#lastNumber;
    const stored = store.durable && persistent && shared === undefined;
    const batch = stored
      ? store.enqueue(clientId, { ...terms, message: message.owned, number })
      : 0;
    const frame = link === undefined
      ? undefined
      : frames.frame(link.terms.version, terms.qos, terms.retain);
    const size = frame === undefined ? 0 : frame.end - frame.start;
    if (link === undefined || frame === undefined || !this.canTake(size)) {
      this.#enqueue(makeDelivery(message.owned, terms, number, shared?.group));
    } else if (
      needsOwnCopy(link, terms) || size > link.terms.maximumPacketSize
    ) {
      this.#send(
        link,
        makeDelivery(message.owned, terms, number, shared?.group),
        terms.batch,
      );
    } else {
      const keep = persistent || shared !== undefined;
      const delivery = keep
        ? makeDelivery(message.owned, terms, number, shared?.group)
        : undefined;
      const packetId = this.#open(terms.qos, delivery);
      const leaves = this.#assign(link, delivery, packetId, terms.batch);
      this.#copy(link, frame, packetId, leaves);
      this.#wrote(link, terms.qos, leaves);
    }
    return batch;
  }

  /** Sends a message that waited in a shared group; ask {@linkcode Outbound.canTake} first. */
  deliverKept(message: Message, terms: Terms, shared: SharedOrigin): void {
    const link = this.#session.link!;
    const delivery = makeDelivery(message, terms, shared.number, shared.group);
    if (terms.qos > 0) {
      this.#send(link, delivery, terms.batch);
    } else {
      this.#write(link, message, terms, 0, false);
      this.#forget(delivery);
    }
  }

  /** Adds retained messages to be sent as the Outbox drains, after those that were added before. */
  replay(replay: Replay): void {
    this.#replays.pushBack(replay);
  }

  /** Drops the replays of a filter: it was unsubscribed. */
  cancelReplays(filter: string): void {
    for (let left = this.#replays.length; left > 0; left--) {
      const replay = this.#replays.popFront()!;
      if (replay.subscription.filter !== filter) this.#replays.pushBack(replay);
    }
  }

  /**
   * Takes the client's PUBACK, PUBREC or PUBCOMP.
   *
   * @throws {PacketError} If it is of another kind than the message's QoS asks for.
   */
  acknowledged(link: Link, packet: Acknowledgement): void {
    const { packetId, reasonCode } = packet;
    const state = this.#window.state(packetId);
    switch (packet.type) {
      case PacketType.Puback:
        if (state === InflightState.Free) return;
        if (state !== InflightState.AwaitsPuback) {
          throw protocolError("PUBACK for a QoS 2 message");
        }
        this.#complete(link, packetId, reasonCode);
        break;
      case PacketType.Pubrec:
        if (state === InflightState.AwaitsPuback) {
          throw protocolError("PUBREC for a QoS 1 message");
        }
        if (state === InflightState.AwaitsPubrec && reasonCode >= 0x80) {
          this.#complete(link, packetId, reasonCode);
        } else if (reasonCode < 0x80) {
          this.#release(link, packetId, state);
        }
        break;
      case PacketType.Pubcomp:
        if (state === InflightState.Free) return;
        if (state !== InflightState.AwaitsPubcomp) {
          throw protocolError("PUBCOMP before PUBREC");
        }
        this.#complete(link, packetId, ReasonCode.Success);
    }
    this.pump();
  }

  /** Sends what waits, as far as the client can take it: again what was under way, then the queue, then the rest. */
  pump(): void {
    const link = this.#session.link;
    if (link === undefined || !link.ready) return;
    link.wantsDrain = false;
    if (!this.#resend(link)) return;
    while (this.#queue.length > 0 && link.sendQuota > 0) {
      const delivery = this.#queue.peekFront()!;
      if (!link.outbox.hasRoom(delivery.message.size)) {
        link.wantsDrain = true;
        return;
      }
      this.#queue.popFront();
      this.#countQueued(-1, -delivery.message.size);
      this.#send(link, delivery, 0);
    }
    if (this.#queue.length > 0) return;
    for (const group of this.#session.groups) group.feed(this.#session);
    if (this.#replays.length > 0) this.#pumpReplays(link);
  }

  /** Sends again what was under way when the last connection ended. Says whether all of it has been. */
  #resend(link: Link): boolean {
    let next = 0;
    let room = true;
    for (; next < this.#resends.length; next++) {
      const packetId = this.#resends[next]!;
      const state = this.#window.state(packetId);
      if (state === InflightState.AwaitsPubcomp) {
        link.acknowledge(PacketType.Pubrel, packetId, ReasonCode.Success, 0);
        this.#context.touch(link);
        continue;
      }
      if (state === InflightState.Free) continue;
      const delivery = this.#window.value(packetId)!;
      room = link.outbox.hasRoom(delivery.message.size);
      if (link.sendQuota === 0 || !room) break;
      link.sendQuota--;
      this.#write(
        link,
        delivery.message,
        { ...delivery, batch: 0 },
        packetId,
        true,
      );
    }
    this.#resends = this.#resends.slice(next);
    link.wantsDrain = !room;
    return this.#resends.length === 0;
  }

  #pumpReplays(link: Link): void {
    for (;;) {
      const replay = this.#replays.peekFront();
      if (replay === undefined) return;
      if (link.outbox.bytes >= REPLAY_BELOW) {
        link.wantsDrain = true;
        return;
      }
      if (link.sendQuota === 0 && replay.subscription.qos > 0) return;
      const message = replay.next();
      if (message === "later") {
        this.#context.pumpLater(this.#session);
        return;
      }
      if (message === undefined) {
        this.#replays.popFront();
        continue;
      }
      this.#sendRetained(link, message, replay.subscription);
    }
  }

  #sendRetained(
    link: Link,
    message: Message,
    subscription: StoredSubscription,
  ): void {
    const { store, now } = this.#context;
    if (message.expiresAt <= now) return;
    const qos = Math.min(message.qos, subscription.qos) as QoS;
    const identifiers = subscription.identifier === 0
      ? NO_IDENTIFIERS
      : [subscription.identifier];
    const terms = { qos, retain: true, identifiers, batch: 0 };
    if (qos === 0) {
      this.#write(link, message, terms, 0, false);
      return;
    }
    const number = ++this.#lastNumber;
    if (store.durable && this.#session.persistent) {
      store.enqueue(this.#session.clientId, { ...terms, message, number });
    }
    this.#send(link, makeDelivery(message, terms, number, undefined), 0);
  }

  #enqueue(delivery: Delivery): void {
    const { limits } = this.#context;
    const { size } = delivery.message;
    const cause = this.#queue.length >= limits.queuedMessages
      ? "queueMessages"
      : this.#queuedBytes + size > limits.queuedBytes
      ? "queueBytes"
      : undefined;
    if (cause !== undefined) {
      this.#forget(delivery);
      this.#context.dropped(this.#session, cause);
      return;
    }
    this.#queue.pushBack(delivery);
    this.#countQueued(1, size);
    if (this.#session.link?.ready) this.pump();
  }

  #countQueued(messages: number, bytes: number): void {
    this.#queuedBytes += bytes;
    this.#context.counters.queuedNow += messages;
    this.#context.counters.queuedBytesNow += bytes;
  }

  /** Sends a delivery for the first time, unless it has expired meanwhile. */
  #send(link: Link, delivery: Delivery, batch: BatchNumber): void {
    const { message, qos } = delivery;
    if (message.expiresAt <= this.#context.now) {
      this.#context.dropped(this.#session, "expired");
      this.#forget(delivery);
      return;
    }
    const keep = this.#session.persistent || delivery.group !== undefined
      ? delivery
      : undefined;
    const packetId = this.#open(qos, keep);
    const leaves = this.#assign(link, keep, packetId, batch);
    link.sendQuota--;
    if (
      !this.#write(
        link,
        message,
        { ...delivery, batch: leaves },
        packetId,
        false,
      )
    ) {
      // Too large for this client: it counts as delivered [MQTT-3.1.2-25].
      this.#window.close(packetId);
      link.sendQuota++;
      this.#forget(delivery);
    }
  }

  #open(qos: QoS, delivery: Delivery | undefined): number {
    return this.#window.open(
      qos === 1 ? InflightState.AwaitsPuback : InflightState.AwaitsPubrec,
      delivery,
    );
  }

  /** Copies an encoded PUBLISH for this client, with its packet identifier. */
  #copy(link: Link, frame: Frame, packetId: number, batch: BatchNumber): void {
    const buffer = link.passes(batch) ? link.outbox.buffer : link.gate.buffer;
    const at = buffer.length;
    buffer.append(frame.bytes, frame.start, frame.end);
    const bytes = buffer.bytes;
    bytes[at]! &= ~8; // DUP is ours to set, not the publisher's [MQTT-3.3.1-3].
    bytes[at + frame.packetIdAt] = packetId >> 8;
    bytes[at + frame.packetIdAt + 1] = packetId;
    link.sendQuota--;
  }

  /** Tells the Store which packet identifier a delivery has; returns the batch before which it must not leave. */
  #assign(
    link: Link,
    delivery: Delivery | undefined,
    packetId: number,
    batch: BatchNumber,
  ): BatchNumber {
    if (delivery === undefined) return batch;
    const { store } = this.#context;
    delivery.outboxPosition = link.outbox.appended;
    if (!store.durable || !this.#session.persistent) return batch;
    const owner = delivery.group?.key ?? this.#session.clientId;
    const assigned = store.assign(
      owner,
      delivery.number,
      this.#session.clientId,
      packetId,
    );
    return delivery.qos === 2 ? assigned : batch;
  }

  /** Encodes one PUBLISH for this client alone. Says whether it was small enough to be sent. */
  #write(
    link: Link,
    message: Message,
    terms: Terms,
    packetId: number,
    dup: boolean,
  ): boolean {
    const { version, maximumPacketSize } = link.terms;
    const aliases = link.passes(terms.batch) ? link.outboundAliases : undefined;
    let alias = aliases?.get(message.topic.text) ?? 0;
    const aliasKnown = alias !== 0;
    if (
      aliases !== undefined && !aliasKnown &&
      aliases.size < link.terms.topicAliasMaximum
    ) alias = aliases.size + 1;
    const { qos, retain } = terms;
    const identifiers = version === 5 ? terms.identifiers : undefined;
    const parts = publishParts(message, this.#context.now, {
      version,
      qos,
      retain,
      dup,
      packetId,
      alias,
      aliasKnown,
      ...(identifiers === undefined ? {} : { identifiers }),
    });
    const size = publishSize(parts);
    if (size > maximumPacketSize) {
      this.#context.dropped(this.#session, "tooLarge");
      return false;
    }
    if (alias !== 0 && !aliasKnown) aliases!.set(message.topic.text, alias);
    const buffer = link.passes(terms.batch)
      ? link.outbox.buffer
      : link.gate.buffer;
    // reserve() may replace the array: it comes first.
    const at = buffer.reserve(size);
    buffer.length = writePublish(buffer.bytes, at, parts);
    this.#wrote(link, qos, terms.batch);
    return true;
  }

  #wrote(link: Link, qos: QoS, batch: BatchNumber): void {
    const { counters } = this.#context;
    counters.packetsSent++;
    if (qos === 0) counters.messagesSent.qos0++;
    else if (qos === 1) counters.messagesSent.qos1++;
    else counters.messagesSent.qos2++;
    if (!link.passes(batch)) link.hold(batch, 0);
    this.#context.touch(link);
  }

  #release(link: Link, packetId: number, state: InflightState): void {
    const { store } = this.#context;
    let batch: BatchNumber = 0;
    if (state === InflightState.AwaitsPubrec) {
      if (store.durable && this.#session.persistent) {
        batch = store.release(this.#session.clientId, packetId);
      }
      this.#window.release(packetId, this.#window.value(packetId));
    }
    const reason = state === InflightState.Free
      ? ReasonCode.PacketIdentifierNotFound
      : ReasonCode.Success;
    link.acknowledge(PacketType.Pubrel, packetId, reason, batch);
    this.#context.touch(link);
  }

  /** Ends a message: acknowledged, or refused by the client with a reason code of 0x80 or above. */
  #complete(link: Link, packetId: number, reasonCode: ReasonCode): void {
    const delivery = this.#window.value(packetId);
    this.#window.close(packetId);
    if (link.sendQuota < link.terms.receiveMaximum) link.sendQuota++;
    if (reasonCode >= 0x80) {
      this.#context.dropped(this.#session, "rejectedByMember");
    }
    if (delivery !== undefined) this.#forget(delivery);
  }

  #forget(delivery: Delivery): void {
    const { store } = this.#context;
    if (!store.durable) return;
    if (delivery.group !== undefined) {
      store.dequeue(delivery.group.key, delivery.number);
    } else if (this.#session.persistent) {
      store.dequeue(this.#session.clientId, delivery.number);
    }
  }
}

/** Whether the encoding that others get does not fit: it needs subscription identifiers or a topic alias. */
function needsOwnCopy(link: Link, terms: Terms): boolean {
  return link.outboundAliases !== undefined ||
    (terms.identifiers.length > 0 && link.terms.version === 5);
}

function makeDelivery(
  message: Message,
  terms: Terms,
  number: number,
  group: DeliveryGroup | undefined,
): Delivery {
  const { qos, retain, identifiers } = terms;
  return {
    message,
    qos,
    retain,
    identifiers,
    number,
    group,
    outboxPosition: 0,
  };
}

/** Gives deliveries back to their groups, so that the first of them is again the first to go. */
function giveBack(deliveries: readonly Delivery[]): void {
  for (const delivery of deliveries.toReversed()) {
    delivery.group!.giveBack(delivery);
  }
}
