// Trace Context, as the W3C recommends it, in the user properties of a PUBLISH.

import { PacketType, type Publish } from "../../codec/packet.ts";
import { decodeProperties } from "../../codec/decode/property_blocks.ts";

/** The span in which a PUBLISH was sent, in somebody's trace. */
export interface ParentSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whether that trace is kept. */
  readonly isSampled: boolean;
  /** What tracing systems on the way have added, as it came. */
  readonly tracestate: string | undefined;
}

/** The flag of a trace that is kept. */
const SAMPLED = 1;

/** Bytes of properties in which a parent is sought at most: more would take too long. */
const LONGEST_PROPERTIES = 8192;

/** Bytes of the user property `traceparent`. */
const SHORTEST_PROPERTIES = 1 + 2 + "traceparent".length + 2 + 55;

const TRACEPARENT =
  /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * The span whose id a `traceparent` carries; `undefined` where it does not have the form that the recommendation asks
 * for. A later version than 00 may have more parts.
 */
export function parseTraceparent(
  traceparent: string,
  tracestate?: string,
): ParentSpan | undefined {
  const [, version, traceId, spanId, flags, rest] =
    TRACEPARENT.exec(traceparent) ?? [];
  if (
    version === undefined || version === "ff" ||
    (version === "00" && rest !== undefined) ||
    /^0+$/.test(traceId!) || /^0+$/.test(spanId!)
  ) return undefined;
  return {
    traceId: traceId!,
    spanId: spanId!,
    isSampled: (parseInt(flags!, 16) & SAMPLED) !== 0,
    tracestate,
  };
}

/** The span in which a PUBLISH was sent, if its publisher says so once and in the right form. */
export function parentOf(
  { bytes, propertiesStart: start, propertiesEnd: end }: Publish,
): ParentSpan | undefined {
  const size = end - start;
  if (size < SHORTEST_PROPERTIES || size > LONGEST_PROPERTIES) return undefined;
  const { userProperties = [] } = decodeProperties(
    bytes,
    start,
    end,
    PacketType.Publish,
  );
  const valuesOf = (name: string) =>
    userProperties.filter(([key]) => key === name).map(([, value]) => value);
  const [traceparent, ...others] = valuesOf("traceparent");
  if (traceparent === undefined || others.length > 0) return undefined;
  const states = valuesOf("tracestate");
  return parseTraceparent(
    traceparent,
    states.length === 0 ? undefined : states.join(),
  );
}
