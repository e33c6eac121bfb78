import type { QoS } from "../codec/packet.ts";
import type { Message } from "../store/message.ts";
import { NO_IDENTIFIERS, type StoredSubscription } from "../store/store.ts";
import type { Terms } from "./delivery.ts";

/** How a retained message goes to who has just subscribed so [MQTT-3.3.1-8]. */
export function retainedTerms(
  message: Message,
  { qos, identifier }: StoredSubscription,
): Terms {
  return {
    qos: Math.min(message.qos, qos) as QoS,
    retain: true,
    identifiers: identifier === 0 ? NO_IDENTIFIERS : [identifier],
    batch: 0,
  };
}
