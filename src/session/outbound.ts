// Messages on their way to one client.

import { type Acknowledgement, PacketType } from "../codec/packet.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import type { Message } from "../store/message.ts";
import type {
  BatchNumber,
  StoredBacklog,
  StoredDelivery,
  StoredSubscription,
} from "../store/store.ts";
import { Backlog } from "./backlog.ts";
import type { SendingSession, SessionContext } from "./context.ts";
import type { Terms } from "./delivery.ts";
import {
  type Delivery,
  type DeliveryGroup,
  makeDelivery,
  restoredDelivery,
  type SharedOrigin,
} from "./delivery.ts";
import { DeliveryLedger } from "./delivery_ledger.ts";
import { DeliveryWindow } from "./delivery_window.ts";
import type { Frames } from "./frames.ts";
import { InflightState } from "./inflight_window.ts";
import type { AnyLink } from "./link.ts";
import {
  giveBack,
  markSent,
  takeUnacknowledged,
  takeUnsent,
  withdraw,
} from "./shared_deliveries.ts";
import { takesFrame, writeCopy, writeFrame } from "./publish_writer.ts";
import { Replays } from "./replays.ts";
import { Resends } from "./resends.ts";
import { retainedTerms } from "./retained_terms.ts";

/**
 * What a session sends: the window of QoS 1 and 2 messages under way, the queue behind it, and the retained
 * messages asked for. State machines of section 4.3, seen from the sender.
 */
export class Outbound {
  readonly #context: SessionContext;
  readonly #session: SendingSession;
  readonly #window: DeliveryWindow;
  readonly #ledger: DeliveryLedger;
  /** What waits to be sent; made with the first that must. */
  #queue: Backlog<Delivery> | undefined;
  /** Retained messages to be sent as the Outbox drains. */
  readonly replays: Replays;
  /** Messages to send again on the present Link. */
  readonly #resends = new Resends();
  #lastNumber = 0;

  /** Makes the sending side of a session. */
  constructor(context: SessionContext, session: SendingSession) {
    this.#context = context;
    this.#session = session;
    this.#ledger = new DeliveryLedger(context.store, session);
    this.#window = new DeliveryWindow(context);
    this.replays = new Replays(context, session);
  }

  /** Bytes in memory of the messages that wait here, or were sent and may be sent again. */
  get bytes(): number {
    return (this.#queue?.bytes ?? 0) + this.#window.bytes;
  }

  /** Messages that wait here, not yet sent. */
  get queuedMessages(): number {
    return this.#queue?.length ?? 0;
  }

  /** Bytes of these, wherever they are, and how many messages were sent that may be sent again. */
  get load(): { readonly bytes: number; readonly inflight: number } {
    return { bytes: this.#queue?.allBytes ?? 0, inflight: this.#window.size };
  }

  /** Whether it can be sent a QoS 1 or 2 message of this size right now. */
  canTake(size: number): boolean {
    const link = this.#session.link;
    return link !== undefined && link.ready && link.sendQuota > 0 &&
      this.queuedMessages === 0 && this.#resends.empty &&
      this.#window.hasRoom(size) && link.hasRoom(size);
  }

  /** Whether it must not be sent a QoS 1 or 2 message of this size before it has acknowledged others. */
  windowFull(size: number): boolean {
    const link = this.#session.link!;
    return link.sendQuota <= 0 || !this.#window.hasRoom(size);
  }

  /** Whether it is online and a QoS 0 message of this size would not be dropped. */
  hasRoom(size: number): boolean {
    const link = this.#session.link;
    return link !== undefined && link.ready && link.hasRoom(size);
  }

  /** Goes on with a client that is back: what was under way is sent again, in order [MQTT-4.4.0-1]. */
  resume(): void {
    this.#resends.begin(this.#window.identifiers());
  }

  /** Notes that the connection is gone. What the socket never saw of shared messages goes to other members. */
  detach(): void {
    const { link, stored } = this.#session;
    this.#resends.begin([]);
    this.replays.unload();
    if (link !== undefined) giveBack(takeUnsent(this.#window, link));
    if (stored) this.#queue?.unload();
  }

  /** Goes on with what the Store held and the client was not sent. */
  restoreBacklog(backlog: StoredBacklog): void {
    this.#lastNumber = Math.max(this.#lastNumber, backlog.last);
    this.#madeQueue().restore(backlog);
  }

  /** Whether a message of this size must be refused, for it would have to wait and there is no room. */
  refuses(size: number): boolean {
    return this.#queue?.refuses(size) === true && !this.canTake(size);
  }

  /** Puts a message back that the client was sent under this packet identifier, after those sent before it. */
  restoreSent(
    stored: StoredDelivery,
    group: DeliveryGroup | undefined,
    packetId: number,
  ): void {
    if (group === undefined) {
      this.#lastNumber = Math.max(this.#lastNumber, stored.number);
    } else group.restoreSent(stored.number);
    const delivery = restoredDelivery(stored, group);
    markSent(delivery);
    this.#window.restore(packetId, delivery);
  }

  /** Notes that PUBREC had come for a message that was put back. */
  restoreReleased(packetId: number): void {
    this.#window.release(packetId);
  }

  /** Ends the session: what it was owed is dropped, but for shared QoS 1 messages [MQTT-4.8.2-4, -5]. */
  end(): void {
    giveBack(takeUnacknowledged(this.#window, this.#ledger));
    if (this.queuedMessages > 0) {
      this.#context.dropped(this.#session, "sessionEnded", this.queuedMessages);
    }
    this.#queue?.clear();
    this.replays.clear();
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
    if (!this.hasRoom(size)) {
      this.#context.dropped(this.#session, "outboxFull");
    } else if (takesFrame(link, size, terms)) {
      writeFrame(this.#context, link, frame, terms, 0);
    } else {
      this.#write(link, message, terms);
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
    const { link, isKept } = this.#session;
    const number = shared?.number ?? ++this.#lastNumber;
    const batch = shared === undefined
      ? this.#ledger.enqueue(message, terms, number)
      : 0;
    if (link === undefined) {
      this.#enqueue(makeDelivery(message.owned, terms, number, shared), batch);
      return batch;
    }
    const frame = frames.frame(link.terms.version, terms.qos, terms.retain);
    const size = frame.end - frame.start;
    if (!this.canTake(size)) {
      this.#enqueue(makeDelivery(message.owned, terms, number, shared), batch);
    } else if (takesFrame(link, size, terms)) {
      const delivery = isKept || shared !== undefined
        ? makeDelivery(message.owned, terms, number, shared)
        : undefined;
      const packetId = this.#window.open(terms.qos, delivery);
      const leaves = this.#ledger.assign(link, delivery, packetId, terms.batch);
      const now = leaves === terms.batch ? terms : { ...terms, batch: leaves };
      link.sendQuota--;
      writeFrame(this.#context, link, frame, now, packetId);
    } else {
      this.#send(link, makeDelivery(message.owned, terms, number, shared));
    }
    return batch;
  }

  /** Sends a message that waited in a shared group; ask {@linkcode Outbound.canTake} first. */
  deliverKept(message: Message, terms: Terms, shared: SharedOrigin): void {
    const link = this.#session.link!;
    const delivery = makeDelivery(message, terms, shared.number, shared);
    if (terms.qos > 0) this.#send(link, delivery);
    else if (!this.#drops(delivery)) {
      this.#write(link, message, terms);
      this.#ledger.dequeue(delivery);
    }
  }

  /** Sends a retained message to a new subscription. */
  deliverRetained(message: Message, subscription: StoredSubscription): void {
    const { link } = this.#session;
    if (
      link === undefined || message.expiresAt <= this.#context.now ||
      !this.#session.mayReceive(message.topic.text)
    ) return;
    const terms = retainedTerms(message, subscription);
    if (terms.qos === 0) {
      this.#write(link, message, terms);
      return;
    }
    const number = ++this.#lastNumber;
    this.#ledger.enqueue(message, terms, number);
    this.#send(link, makeDelivery(message, terms, number, undefined));
  }

  /**
   * Takes the client's PUBACK, PUBREC or PUBCOMP.
   *
   * @throws {PacketError} If it is of another kind than the message's QoS asks for.
   */
  acknowledged(link: AnyLink, packet: Acknowledgement): void {
    const { packetId, reasonCode } = packet;
    const state = this.#window.expect(packet);
    if (packet.type === PacketType.Pubrec && reasonCode < 0x80) {
      this.#release(link, packetId, state);
    } else if (state !== InflightState.Free) {
      this.#complete(link, packetId, reasonCode);
    }
    this.pump();
  }

  /** Sends what waits, as far as the client can take it: again what was under way, then the queue, then the rest. */
  pump(): void {
    const link = this.#session.link;
    if (link === undefined || !link.ready) return;
    link.wantsDrain = false;
    this.#pump(link);
    // Has it looked at how long the client has not read.
    if (link.wantsDrain) this.#context.touch(link);
  }

  #pump(link: AnyLink): void {
    if (!this.#resend(link)) return;
    for (;;) {
      const delivery = this.#queue?.peek();
      if (delivery === undefined) break;
      const { size } = delivery.message;
      if (this.windowFull(size)) break;
      if (!link.hasRoom(size)) {
        link.wantsDrain = true;
        return;
      }
      this.#queue!.pop();
      this.#send(link, delivery);
    }
    if (this.queuedMessages > 0) return;
    for (const group of this.#session.groups) group.feed(this.#session);
    this.replays.pump(link);
  }

  /** Sends again what was under way when the last connection ended. Says whether all of it has been. */
  #resend(link: AnyLink): boolean {
    for (;;) {
      const packetId = this.#resends.peek();
      if (packetId === undefined) return true;
      const state = this.#window.state(packetId);
      if (state === InflightState.AwaitsPubcomp) {
        // Under way as much as a PUBLISH is [MQTT-3.3.4-9]; it alone may take the quota below 0.
        link.sendQuota--;
        link.acknowledge(PacketType.Pubrel, packetId, ReasonCode.Success, 0);
        this.#context.touch(link);
      } else if (state !== InflightState.Free) {
        const delivery = this.#window.value(packetId)!;
        const { size, topic } = delivery.message;
        if (this.#session.mayReceive(topic.text)) {
          link.wantsDrain = !link.hasRoom(size);
          if (link.sendQuota <= 0 || link.wantsDrain) return false;
          this.#writeOrDiscard(link, delivery, packetId, delivery.batch, true);
        } else {
          const own = withdraw(this.#window, packetId);
          if (own !== undefined) this.#drops(own);
        }
      }
      this.#resends.advance();
    }
  }

  /** Most sessions never have anything waiting. */
  #madeQueue(): Backlog<Delivery> {
    return this.#queue ??= new Backlog(this.#context, this.#ledger);
  }

  #enqueue(delivery: Delivery, kept: BatchNumber): void {
    const queue = this.#madeQueue();
    if (queue.admit(delivery.message)) {
      queue.push(delivery, kept);
      this.pump();
    } else this.#ledger.dequeue(delivery);
  }

  /** Drops a delivery that has expired (with an interval of 0, one that has waited) or may not be received; says whether. */
  #drops(delivery: Delivery): boolean {
    const { message } = delivery;
    const isExpired = message.expiresAt < this.#context.now;
    if (!isExpired && this.#session.mayReceive(message.topic.text)) {
      return false;
    }
    const cause = isExpired ? "expired" : "notAuthorized";
    this.#context.dropped(this.#session, cause);
    this.#ledger.dequeue(delivery);
    return true;
  }

  /** Sends a delivery for the first time, if it is still to be sent. */
  #send(link: AnyLink, delivery: Delivery): void {
    if (this.#drops(delivery)) return;
    const { qos } = delivery;
    const keep = this.#session.isKept || delivery.group !== undefined
      ? delivery
      : undefined;
    const packetId = this.#window.open(qos, keep);
    const leaves = this.#ledger.assign(link, keep, packetId, delivery.batch);
    this.#writeOrDiscard(link, delivery, packetId, leaves, false);
  }

  /** Sends a message; one that is too large for the client counts as delivered [MQTT-3.1.2-25]. */
  #writeOrDiscard(
    link: AnyLink,
    delivery: Delivery,
    packetId: number,
    batch: BatchNumber,
    dup: boolean,
  ): void {
    link.sendQuota--;
    const terms = { ...delivery, batch };
    if (this.#write(link, delivery.message, terms, packetId, dup)) return;
    this.#window.close(packetId);
    link.sendQuota++;
    this.#ledger.dequeue(delivery);
  }

  /** Encodes a message for this client alone; says whether it was small enough to be sent. */
  #write(
    link: AnyLink,
    message: Message,
    terms: Terms,
    packetId = 0,
    dup = false,
  ): boolean {
    const copy = { message, terms, packetId, dup };
    const sent = writeCopy(this.#context, link, copy);
    if (!sent) this.#context.dropped(this.#session, "tooLarge");
    return sent;
  }

  #release(link: AnyLink, packetId: number, state: InflightState): void {
    let batch: BatchNumber = 0;
    if (state === InflightState.AwaitsPubrec) {
      batch = this.#ledger.release(this.#window.value(packetId), packetId);
      this.#window.release(packetId);
    }
    const reason = state === InflightState.Free
      ? ReasonCode.PacketIdentifierNotFound
      : ReasonCode.Success;
    link.acknowledge(PacketType.Pubrel, packetId, reason, batch);
    this.#context.touch(link);
  }

  /** Ends a message: acknowledged, or refused by the client with a reason code of 0x80 or above. */
  #complete(link: AnyLink, packetId: number, reasonCode: ReasonCode): void {
    const delivery = this.#window.close(packetId);
    if (link.sendQuota < link.terms.receiveMaximum) link.sendQuota++;
    if (reasonCode >= 0x80) {
      this.#context.dropped(this.#session, "rejected");
    }
    if (delivery !== undefined) this.#ledger.dequeue(delivery);
  }
}
