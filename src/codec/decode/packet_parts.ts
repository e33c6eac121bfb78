/** The parts that packets of several types have in common. */
import type { Budget } from "./budget.ts";
import type { Cursor } from "./cursor.ts";
import type { DecodeContext, Steps } from "./context.ts";
import type { Properties } from "../properties.ts";
import { readProperties } from "./property_reader.ts";

/** Reads the packet id of a packet that must have one. */
export function readPacketId(cursor: Cursor): number {
  const packetId = cursor.twoByteInteger("packet id");
  if (packetId === 0) {
    throw cursor.protocolError("packet id is 0 [MQTT-2.2.1-3]");
  }
  return packetId;
}

/** Reads the properties that a 5.0 packet of the cursor's type starts with; none below 5.0. */
export function* readOwnProperties(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Properties> {
  if (context.version !== 5) return {};
  return yield* readProperties(
    cursor,
    cursor.packetType,
    budget,
    context.maximumUserProperties,
  );
}
