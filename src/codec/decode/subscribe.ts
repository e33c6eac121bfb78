/** SUBSCRIBE and UNSUBSCRIBE: the packets that are a list of filters. */
import type { Budget } from "./budget.ts";
import type { Cursor } from "./cursor.ts";
import type { DecodeContext, Steps } from "./context.ts";
import {
  PacketType,
  type QoS,
  type Subscribe,
  type SubscriptionRequest,
  type Unsubscribe,
} from "../packet.ts";
import { readOwnProperties, readPacketId } from "./packet_parts.ts";

const SHARED = new TextEncoder().encode("$share/");

/** Reads the body of SUBSCRIBE (section 3.8). */
export function* readSubscribe(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Subscribe> {
  const packetId = readPacketId(cursor);
  const properties = yield* readOwnProperties(cursor, budget, context);
  const filters: SubscriptionRequest[] = [];
  let extraFilters = 0;
  expectFilter(cursor, "MQTT-3.8.3-2");
  while (cursor.position < cursor.end) {
    while (budget.left <= 0) yield;
    const start = cursor.position;
    const keep = filters.length < context.maximumFilters;
    const filter = readFilter(cursor, keep);
    const byte = cursor.byte("subscription options");
    // MQTT 3.1 does not use the upper bits.
    const options = context.version === 3 ? byte & 3 : byte;
    checkOptions(cursor, options, start + 2, context);
    if (keep) {
      filters.push({
        filter,
        qos: (options & 3) as QoS,
        noLocal: (options & 0x04) !== 0,
        retainAsPublished: (options & 0x08) !== 0,
        retainHandling: (options >> 4 & 3) as 0 | 1 | 2,
      });
    } else extraFilters++;
    budget.spend(cursor.position - start);
  }
  return {
    type: PacketType.Subscribe,
    packetId,
    subscriptionIdentifier: properties.subscriptionIdentifiers?.[0] ?? 0,
    filters,
    extraFilters,
    properties,
  };
}

/** Reads the body of UNSUBSCRIBE (section 3.10). */
export function* readUnsubscribe(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Unsubscribe> {
  const packetId = readPacketId(cursor);
  const properties = yield* readOwnProperties(cursor, budget, context);
  const filters: string[] = [];
  let extraFilters = 0;
  expectFilter(cursor, "MQTT-3.10.3-2");
  while (cursor.position < cursor.end) {
    while (budget.left <= 0) yield;
    const start = cursor.position;
    const keep = filters.length < context.maximumFilters;
    const filter = readFilter(cursor, keep);
    if (keep) filters.push(filter);
    else extraFilters++;
    budget.spend(cursor.position - start);
  }
  return {
    type: PacketType.Unsubscribe,
    packetId,
    filters,
    extraFilters,
    properties,
  };
}

function expectFilter(cursor: Cursor, clause: string): void {
  if (cursor.position === cursor.end) {
    throw cursor.protocolError(`there is no topic filter [${clause}]`);
  }
}

function readFilter(cursor: Cursor, keep: boolean): string {
  const start = cursor.position + 2;
  const filter = keep
    ? cursor.string("topic filter")
    : (cursor.skipString("topic filter"), "");
  if (cursor.position === start) {
    throw cursor.protocolError("topic filter is empty [MQTT-4.7.3-1]");
  }
  return filter;
}

/** Checks the byte after a filter, which starts at `filterStart` (section 3.8.3.1). */
function checkOptions(
  cursor: Cursor,
  options: number,
  filterStart: number,
  context: DecodeContext,
): void {
  if (context.version !== 5) {
    if ((options & 3) === 3) throw cursor.malformed("requested QoS is 3");
    if (options > 2) {
      throw cursor.malformed("reserved bits of the requested QoS are set");
    }
    return;
  }
  if ((options & 0xC0) !== 0) {
    throw cursor.malformed(
      "reserved bits of the subscription options are set [MQTT-3.8.3-5]",
    );
  }
  if ((options & 0x03) === 0x03) {
    throw cursor.protocolError("maximum QoS is 3");
  }
  if ((options & 0x30) === 0x30) {
    throw cursor.protocolError("retain handling is 3");
  }
  if ((options & 0x04) !== 0 && isShared(cursor.bytes, filterStart)) {
    throw cursor.protocolError(
      "no local is set on a shared subscription [MQTT-3.8.3-4]",
    );
  }
}

/** Whether the filter at `start`, which an options byte follows, begins with `$share/`. */
function isShared(bytes: Uint8Array, start: number): boolean {
  const length = bytes[start - 2]! << 8 | bytes[start - 1]!;
  return length >= SHARED.length &&
    SHARED.every((byte, i) => bytes[start + i] === byte);
}
