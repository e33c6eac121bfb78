/** What others do with encoded properties: decode a block of them, or cut out what is to be forwarded. */
import { Budget } from "./budget.ts";
import { Cursor } from "./cursor.ts";
import { PacketType, type Properties, type Publish } from "../packet.ts";
import { type PropertyOwner, WILL_PROPERTIES } from "../property_table.ts";
import { PropertyReader } from "./property_reader.ts";

const NOTHING = new Uint8Array(0);

/**
 * Decodes the properties in `bytes[start..end)`, a block without its length, as found in a `owner`.
 * Throws a PacketError when they are not valid there.
 */
export function decodeProperties(
  bytes: Uint8Array,
  start: number,
  end: number,
  owner: PropertyOwner,
): Properties {
  const properties: Properties = {};
  const reader = new PropertyReader();
  const type = owner === WILL_PROPERTIES ? PacketType.Connect : owner;
  reader.enter(
    new Cursor(bytes, start, end, type),
    end,
    owner,
    properties,
    Infinity,
  );
  reader.read(new Budget(Infinity));
  return properties;
}

/**
 * The encoded properties of `publish` to pass on to 5.0 subscribers: without Topic Alias,
 * Message Expiry Interval and Subscription Identifiers, the others unaltered and in their order
 * [MQTT-3.3.2-17, -18]. Borrows the buffer of `publish` where there is nothing to leave out.
 */
export function forwardedProperties(publish: Publish): Uint8Array {
  const { bytes, propertiesStart, propertiesEnd, propertyCuts } = publish;
  if (propertiesStart === propertiesEnd) return NOTHING;
  return propertyCuts.length === 0
    ? bytes.subarray(propertiesStart, propertiesEnd)
    : copyWithout(bytes, propertiesStart, propertiesEnd, propertyCuts);
}

/** A copy of `bytes[start..end)` without the parts that start and end at `cuts`, in pairs and in their order. */
export function copyWithout(
  bytes: Uint8Array,
  start: number,
  end: number,
  cuts: readonly number[],
): Uint8Array {
  const kept = new Uint8Array(end - start);
  let length = 0;
  let from = start;
  for (let i = 0; i <= cuts.length; i += 2) {
    const part = bytes.subarray(from, cuts[i] ?? end);
    kept.set(part, length);
    length += part.length;
    from = cuts[i + 1] ?? end;
  }
  return kept.length === length ? kept : kept.slice(0, length);
}
