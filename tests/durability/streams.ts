// The packets that went over each connection, put together from the calls that carried them.

import type { Call } from "./trace.ts";

/** The acknowledgements that a broker sends, by the first four bits of a packet. */
export const AcknowledgementType: Readonly<
  Record<number, "puback" | "pubrec" | "pubcomp">
> = { 4: "puback", 5: "pubrec", 7: "pubcomp" };

const PUBLISH = 3;
const PUBREL = 6;

/** A packet, and when it went. */
export interface Packet {
  /** The first four bits. */
  readonly type: number;
  /** Whether it is a PUBREL. */
  readonly isPubrel: boolean;
  /** The packet identifier of a PUBLISH or an acknowledgement; 0 for others. */
  readonly packetId: number;
  /** All of it as text, a character a byte. */
  readonly text: string;
  /** When the call began that carried its first byte. */
  readonly began: number;
  /** When the call had ended that carried its last byte. */
  readonly ended: number;
}

/** The packets of each connection that calls of these names carried. */
export function packetsOf(
  calls: readonly Call[],
  names: RegExp,
): Map<string, Packet[]> {
  const carriers = calls.filter(({ name, file }) =>
    file.startsWith("TCP") && names.test(name)
  );
  const streams = Map.groupBy(carriers, ({ file }) => file);
  return new Map(
    [...streams].map(([file, carriers]) => [file, [...packets(carriers)]]),
  );
}

function* packets(calls: readonly Call[]): Generator<Packet> {
  const bytes = calls.flatMap((call) =>
    [...call.bytes].map((byte) => ({ byte, call }))
  );
  for (let at = 0; at < bytes.length;) {
    let from = at + 1;
    let length = 0;
    for (let factor = 1;; factor *= 128) {
      const { byte } = bytes[from++]!;
      length += (byte & 0x7F) * factor;
      if (byte < 0x80) break;
    }
    const body = bytes.slice(from, from + length).map(({ byte }) => byte);
    const first = bytes[at]!;
    const type = first.byte >> 4;
    yield {
      type,
      isPubrel: type === PUBREL,
      packetId: packetId(first.byte, body),
      text: String.fromCharCode(...body),
      began: first.call.began,
      ended: bytes[from + length - 1]!.call.ended,
    };
    at = from + length;
  }
}

function packetId(first: number, body: readonly number[]): number {
  const number = (at: number) => body[at]! << 8 | body[at + 1]!;
  const type = first >> 4;
  if (type === PUBLISH) return (first & 0x06) === 0 ? 0 : number(number(0) + 2);
  return type > PUBLISH && type <= 7 ? number(0) : 0;
}
