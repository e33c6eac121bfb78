// What becomes of the deliveries of shared groups when a member goes (section 4.8.2).

import type { Delivery } from "./delivery.ts";
import type { DeliveryLedger } from "./delivery_ledger.ts";
import type { DeliveryWindow } from "./delivery_window.ts";
import { InflightState } from "./inflight_window.ts";
import type { AnyLink } from "./link.ts";

/** Notes that an earlier connection has sent it, so that it stays with its member, come what may [MQTT-4.8.2-4]. */
export function markSent(delivery: Delivery): void {
  delivery.outboxPosition = -1;
  delivery.gateBatch = 0;
}

/** Takes out what the socket of a member that went away never saw, oldest first; the rest stays with the member. */
export function takeUnsent(
  window: DeliveryWindow,
  link: AnyLink,
): Delivery[] {
  const unsent: Delivery[] = [];
  for (const id of window.identifiers()) {
    const delivery = window.value(id);
    if (delivery?.group === undefined) continue;
    const atGate = delivery.gateBatch > link.opened;
    if (
      !atGate && delivery.outboxPosition < link.outbox.taken ||
      window.state(id) === InflightState.AwaitsPubcomp
    ) {
      markSent(delivery);
    } else {
      window.close(id);
      unsent.push(delivery);
    }
  }
  return unsent;
}

/**
 * Empties the window of a session that ends. Returns the QoS 1 messages of shared groups, which another member gets
 * [MQTT-4.8.2-5]; those of QoS 2 die with the session [MQTT-4.8.2-4].
 */
export function takeUnacknowledged(
  window: DeliveryWindow,
  ledger: DeliveryLedger,
): Delivery[] {
  const unacknowledged: Delivery[] = [];
  for (const id of window.identifiers()) {
    const delivery = window.value(id);
    if (delivery?.group !== undefined) {
      if (window.state(id) === InflightState.AwaitsPuback) {
        unacknowledged.push(delivery);
      } else ledger.dequeue(delivery);
    }
    window.close(id);
  }
  return unacknowledged;
}

/**
 * Takes a message out of the window that its member may not receive any more. One of QoS 1 goes back to its group;
 * any other is returned.
 */
export function withdraw(
  window: DeliveryWindow,
  packetId: number,
): Delivery | undefined {
  const delivery = window.close(packetId);
  if (delivery?.group === undefined || delivery.qos === 2) return delivery;
  delivery.group.giveBack(delivery);
  return undefined;
}

/** Gives deliveries back to their groups, so that the first of them is again the first to go. */
export function giveBack(deliveries: readonly Delivery[]): void {
  for (const delivery of deliveries.toReversed()) {
    delivery.group!.giveBack(delivery);
  }
}
