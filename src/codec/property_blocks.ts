/** What others do with encoded properties: decode a block of them, or cut out what is to be forwarded. */
import { Budget } from "./budget.ts";
import { Cursor } from "./cursor.ts";
import { PacketType, type Properties, type Publish } from "./packet.ts";
import {
  PROPERTY_BY_ID,
  PropertyKind,
  type PropertyOwner,
  WILL_PROPERTIES,
} from "./property_table.ts";
import { PropertyReader } from "./property_reader.ts";

const NOTHING = new Uint8Array(0);
const MESSAGE_EXPIRY_INTERVAL = 0x02;
const SUBSCRIPTION_IDENTIFIER = 0x0B;
const WILL_DELAY_INTERVAL = 0x18;
const TOPIC_ALIAS = 0x23;

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
 * [MQTT-3.3.2-17, -18]. Borrows the buffer of `publish` where nothing is left out.
 */
export function forwardedProperties(publish: Publish): Uint8Array {
  const { bytes, propertiesStart, propertiesEnd } = publish;
  if (propertiesStart === propertiesEnd) return NOTHING;
  return forwardedBlock(bytes, propertiesStart, propertiesEnd);
}

/**
 * `bytes[start..end)`, a valid block of properties, without what concerns one connection or one moment
 * only (Topic Alias, Message Expiry Interval, Will Delay Interval, Subscription Identifier): a subarray
 * when there is nothing of these, a copy otherwise.
 */
export function forwardedBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  let kept = bytes.subarray(start, end);
  let length = 0;
  let position = start;
  let copied = false;
  while (position < end) {
    const next = skipProperty(bytes, position);
    if (isForwarded(bytes[position]!)) {
      if (copied) {
        kept.set(bytes.subarray(position, next), length);
      }
      length += next - position;
    } else if (!copied) {
      kept = kept.slice();
      copied = true;
    }
    position = next;
  }
  return copied ? kept.subarray(0, length) : kept;
}

function isForwarded(id: number): boolean {
  return id !== MESSAGE_EXPIRY_INTERVAL && id !== SUBSCRIPTION_IDENTIFIER &&
    id !== WILL_DELAY_INTERVAL && id !== TOPIC_ALIAS;
}

/** Where the property after the one at `position` starts; the block is known to be valid. */
function skipProperty(bytes: Uint8Array, position: number): number {
  const kind = PROPERTY_BY_ID[bytes[position]!]!.kind;
  position++;
  switch (kind) {
    case PropertyKind.Byte:
      return position + 1;
    case PropertyKind.TwoByteInteger:
      return position + 2;
    case PropertyKind.FourByteInteger:
      return position + 4;
    case PropertyKind.VariableByteInteger:
      while (bytes[position]! >= 0x80) position++;
      return position + 1;
    case PropertyKind.Utf8StringPair:
      position += 2 + (bytes[position]! << 8 | bytes[position + 1]!);
      break;
  }
  return position + 2 + (bytes[position]! << 8 | bytes[position + 1]!);
}
