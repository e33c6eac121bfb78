import type { DisconnectedCause, RefusedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import { encode } from "../codec/encode/encode.ts";
import {
  type Connect,
  PacketType,
  type ProtocolVersion,
} from "../codec/packet.ts";
import type { PacketError } from "../codec/packet_error.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import { isReasonAllowed } from "../codec/reason_table.ts";
import { isReservedTopic, RESERVED_REASON } from "../router/topics/filter.ts";
import type { LinkTerms } from "../session/link.ts";
import { isSharedGroup } from "../store/store.ts";

/** Why a client is not let in, and what it is told. */
export interface Refusal {
  /** Under what it is counted and logged. */
  readonly cause: RefusedCause;
  /** The reason code of CONNACK; left out, the connection just closes. */
  readonly code?: ReasonCode | undefined;
  /** For the log, and for an MQTT 5 client. */
  readonly detail?: string | undefined;
  /** For the log alone. */
  readonly note?: string | undefined;
  /** What a client that does not speak MQTT is answered. */
  readonly answer?: Uint8Array | undefined;
  /** The user that the client says it is, for the log. */
  readonly user?: string | undefined;
}

/** For a client whose session the disk has not kept in time. */
export const NOT_IN_TIME: Refusal = {
  cause: "unavailable",
  code: ReasonCode.ServerUnavailable,
  detail: "Cannot keep the session: the disk is too slow",
};

/** What CONNACK can say before 5.0 (3.1.1, section 3.2.2.3). */
const TOLD_BEFORE_5: ReadonlySet<number> = new Set([
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.ServerUnavailable,
  ReasonCode.ServerBusy,
  ReasonCode.NotAuthorized,
  ReasonCode.Banned,
]);

/** Why a well-formed CONNECT is refused all the same; `undefined` if it is welcome. */
export function refusalOf(
  connect: Connect,
  { clientIdLength }: Pick<Limits, "clientIdLength">,
): Refusal | undefined {
  const { clientId } = connect;
  if (
    clientId.length > clientIdLength &&
    Array.from(clientId).length > clientIdLength
  ) {
    return {
      cause: "badClientId",
      code: ReasonCode.ClientIdentifierNotValid,
      detail:
        `Cannot accept a client identifier of more than ${clientIdLength} characters`,
    };
  }
  if (isSharedGroup(clientId)) {
    // The Store knows shared groups by such names [MQTT-3.1.3-8].
    return {
      cause: "badClientId",
      code: ReasonCode.ClientIdentifierNotValid,
      detail: "Cannot accept a client identifier that begins with $share/",
    };
  }
  if (connect.will !== undefined && isReservedTopic(connect.will.topic)) {
    return {
      cause: "notAuthorized",
      code: ReasonCode.NotAuthorized,
      detail: `Cannot accept the will: ${RESERVED_REASON}`,
    };
  }
  return undefined;
}

/** The refusal of a client whose first packet was no CONNECT, or a bad one. */
export function refusalFor(error: PacketError): Refusal {
  const { reasonCode: code, message: detail } = error;
  const cause = code === ReasonCode.UnsupportedProtocolVersion
    ? "unsupportedVersion"
    : code === ReasonCode.ClientIdentifierNotValid
    ? "badClientId"
    : code === ReasonCode.TopicNameInvalid
    ? "badWill"
    : "badConnect";
  return { cause, code, detail };
}

const REFUSED_AS: Partial<Record<DisconnectedCause, RefusedCause>> = {
  sessionTakenOver: "sessionTakenOver",
  packetTooLarge: "packetTooLarge",
  internalError: "internalError",
  notAuthorized: "notAuthorized",
  // Of what CONNECT says, the Router looks at nothing else.
  protocolError: "badWill",
  quotaExceeded: "disk",
};

/** Under what it is counted that a connection was ended before its client was accepted. */
export function refusedCauseOf(
  cause: DisconnectedCause,
  code: ReasonCode | undefined,
): RefusedCause {
  // Clients before 5.0 are told so that the disk has no room: they know no other word for it.
  if (code === ReasonCode.ServerUnavailable) return "disk";
  return REFUSED_AS[cause] ?? "unavailable";
}

/**
 * The CONNACK that tells a client of this version why it is refused, within the packet size that it takes;
 * `undefined` where its version has no words for that.
 */
export function refusingConnack(
  refusal: Refusal,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | undefined {
  const { detail } = refusal;
  const code = version < 5 ? codeBefore5(refusal.code) : refusal.code;
  if (code === undefined) return undefined;
  return withinSize(
    PacketType.Connack,
    code,
    detail,
    version,
    maximumPacketSize,
  );
}

/** What CONNACK says before 5.0; `undefined` for what it has no words for. */
function codeBefore5(code: ReasonCode | undefined): ReasonCode | undefined {
  // By the standard return code 4 is for a malformed user name or password. For wrong ones mosquitto sends 5 too.
  if (code === ReasonCode.BadUserNameOrPassword) {
    return ReasonCode.NotAuthorized;
  }
  return code !== undefined && TOLD_BEFORE_5.has(code) ? code : undefined;
}

/** The DISCONNECT that tells a client why it is ended, where its version has words for that. */
export function farewell(
  { version, maximumPacketSize }: LinkTerms,
  code: ReasonCode | undefined,
  detail: string | undefined,
): Uint8Array | undefined {
  if (code === undefined || version < 5) return undefined;
  const type = PacketType.Disconnect;
  return withinSize(type, code, detail, version, maximumPacketSize);
}

/**
 * A CONNACK or DISCONNECT with this reason code. The reason string is left out where the packet would be larger
 * than the client takes [MQTT-3.2.2-19] [MQTT-3.14.2-3], and the packet where it would be even so or where it has
 * no such reason code.
 */
function withinSize(
  type: typeof PacketType.Connack | typeof PacketType.Disconnect,
  reasonCode: ReasonCode,
  detail: string | undefined,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | undefined {
  // A CONNACK knows fewer reasons than a DISCONNECT [MQTT-3.2.2-8].
  if (version === 5 && !isReasonAllowed(type, reasonCode, "client")) {
    return undefined;
  }
  const bare = { type, reasonCode, sessionPresent: false, properties: {} };
  if (detail !== undefined && version === 5) {
    const full = encode({ ...bare, properties: { reasonString: detail } }, 5);
    if (full.length <= maximumPacketSize) return full;
  }
  const packet = encode(bare, version);
  return packet.length <= maximumPacketSize ? packet : undefined;
}

/** What client and server agree on, within the limits. */
export function termsFor(connect: Connect, limits: Limits): LinkTerms {
  const { properties, protocolVersion: version } = connect;
  return {
    version,
    maximumPacketSize: properties.maximumPacketSize ?? Infinity,
    receiveMaximum: Math.min(
      properties.receiveMaximum ?? 65_535,
      limits.maximumInflight,
    ),
    topicAliasMaximum: Math.min(
      properties.topicAliasMaximum ?? 0,
      limits.outboundTopicAliasMaximum,
    ),
    problemInformation: version === 5 &&
      properties.requestProblemInformation !== false,
    isBridge: connect.isBridge === true,
  };
}

/** The keep alive in seconds that holds for a client, 0 for none: an MQTT 5 client can be told a shorter one. */
export function keepAliveFor(connect: Connect, limits: Limits): number {
  const { keepAlive, protocolVersion } = connect;
  const { maximumKeepAlive } = limits;
  if (protocolVersion < 5 || (keepAlive > 0 && keepAlive <= maximumKeepAlive)) {
    return keepAlive;
  }
  return maximumKeepAlive === 65_535 ? keepAlive : maximumKeepAlive;
}
