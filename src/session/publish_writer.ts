// Where PUBLISH packets are put into a Link's Outbox, or behind its gate.

import type { QoS } from "../codec/packet.ts";
import { publishSize, writePublish } from "../codec/encode/encode.ts";
import type { Message } from "../store/message.ts";
import type { SessionContext } from "./context.ts";
import type { Terms } from "./delivery.ts";
import { type Frame, publishParts } from "./frames.ts";
import type { AnyLink } from "./link.ts";

/** Whether a client can be sent the encoding that others get, of this size. */
export function takesFrame(link: AnyLink, size: number, terms: Terms): boolean {
  const { maximumPacketSize, version } = link.terms;
  return size <= maximumPacketSize && link.outboundAliases === undefined &&
    (terms.identifiers.length === 0 || version < 5);
}

/** Copies an encoded PUBLISH; `packetId` is 0 at QoS 0. */
export function writeFrame(
  context: SessionContext,
  link: AnyLink,
  frame: Frame,
  terms: Terms,
  packetId: number,
): void {
  const batch = packetId === 0 ? terms.batch : link.inOrder(terms.batch);
  const passes = link.passes(batch);
  const buffer = passes ? link.outbox.buffer : link.uncommitted.buffer;
  const at = buffer.length;
  buffer.append(frame.bytes, frame.start, frame.end);
  if (packetId !== 0) {
    const { bytes } = buffer;
    bytes[at]! &= ~8; // DUP is ours to set, not the publisher's [MQTT-3.3.1-3].
    bytes[at + frame.packetIdAt] = packetId >> 8;
    bytes[at + frame.packetIdAt + 1] = packetId;
  }
  if (!passes) link.hold(batch, 0);
  wrote(context, link, terms.qos);
}

const NO_ALIAS = { alias: 0, aliasKnown: false };

/** One client's copy of a message. */
export interface Copy {
  /** The message that is copied. */
  readonly message: Message;
  /** How it goes to the client. */
  readonly terms: Terms;
  /** 0 at QoS 0. */
  readonly packetId: number;
  /** Whether it may have been sent before [MQTT-3.3.1-1]. */
  readonly dup: boolean;
}

/** Encodes a PUBLISH for one client alone; says whether it was small enough to be sent. */
export function writeCopy(
  context: SessionContext,
  link: AnyLink,
  { message, terms, packetId, dup }: Copy,
): boolean {
  const { version, maximumPacketSize } = link.terms;
  const { qos, retain } = terms;
  const batch = packetId === 0 ? terms.batch : link.inOrder(terms.batch);
  const passes = link.passes(batch);
  const { alias, aliasKnown } = outboundAlias(link, message, passes);
  const parts = publishParts(message, context.now, {
    version,
    qos,
    retain,
    dup,
    packetId,
    alias,
    aliasKnown,
    identifiers: terms.identifiers,
  });
  let size = publishSize(parts);
  if (alias !== 0 && !aliasKnown) {
    if (size <= maximumPacketSize) {
      link.outboundAliases!.set(message.topic.text, alias);
    } else {
      // It may fit without the alias.
      parts.topicAlias = 0;
      size = publishSize(parts);
    }
  }
  if (size > maximumPacketSize) return false;
  const buffer = passes ? link.outbox.buffer : link.uncommitted.buffer;
  // reserve() may replace the array: it comes first.
  const at = buffer.reserve(size);
  buffer.length = writePublish(buffer.bytes, at, parts);
  if (!passes) link.hold(batch, 0);
  wrote(context, link, qos);
  return true;
}

/** A topic alias for an outbound PUBLISH, and whether the client knows it; 0 for none [MQTT-3.3.2-8, MQTT-3.1.2-26]. */
function outboundAlias(
  link: AnyLink,
  { topic }: Message,
  passes: boolean,
): { readonly alias: number; readonly aliasKnown: boolean } {
  const { outboundAliases: aliases, terms: { topicAliasMaximum } } = link;
  // What waits for a commit may be overtaken, so it neither sets an alias nor uses one.
  if (aliases === undefined || !passes) return NO_ALIAS;
  const known = aliases.get(topic.text);
  if (known !== undefined) return { alias: known, aliasKnown: true };
  return aliases.size < topicAliasMaximum
    ? { alias: aliases.size + 1, aliasKnown: false }
    : NO_ALIAS;
}

function wrote(context: SessionContext, link: AnyLink, qos: QoS): void {
  const { counters } = context;
  link.packets++;
  if (qos === 0) counters.messagesSent.qos0++;
  else if (qos === 1) counters.messagesSent.qos1++;
  else counters.messagesSent.qos2++;
  context.touch(link);
}
