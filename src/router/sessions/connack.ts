import { encode } from "../../codec/encode/encode.ts";
import {
  type Connect,
  PacketType,
  type Properties,
} from "../../codec/packet.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import { type Limits, SESSION_NEVER_EXPIRES } from "../../core/limits.ts";
import type { Link, Session } from "../../session/session.ts";

/** A client that has sent its CONNECT and may come in. */
export interface Arrival {
  /** The CONNECT that it sent. */
  readonly connect: Connect;
  /** Its connection. */
  readonly link: Link;
  /** The client identifier that it has or was assigned. */
  readonly clientId: string;
  /** The user that it was found to be; `undefined` for an anonymous client. */
  readonly user: string | undefined;
  /** Seconds of keep alive that it must keep, where that is not what it asked for. */
  readonly serverKeepAlive: number | undefined;
  /** What CONNACK says of an authentication by method [MQTT-4.12.0-5]. */
  readonly methodProperties: Properties;
  /** Whether it has waited already before it takes over. */
  readonly waited?: boolean;
  /** Called when CONNACK is on its way. */
  readonly accepted: () => void;
}

/** The CONNACK that lets a client in, if possible within the packet size that it takes. */
export function connackFor(
  arrival: Arrival,
  session: Session,
  present: boolean,
  limits: Limits,
): Uint8Array {
  const { connect, link } = arrival;
  const properties = connect.protocolVersion === 5
    ? propertiesFor(arrival, session, limits)
    : {};
  const connack = encodeConnack(properties, present, connect);
  if (connack.length <= link.terms.maximumPacketSize) return connack;
  delete properties.responseInformation;
  return encodeConnack(properties, present, connect);
}

/** The session expiry interval in seconds that a client gets which asks for this many; `Infinity` for ever. */
export function grantedInterval(seconds: number, limits: Limits): number {
  return Math.min(intervalOf(seconds), intervalOf(limits.maximumSessionExpiry));
}

function propertiesFor(
  { connect, clientId, serverKeepAlive, methodProperties }: Arrival,
  session: Session,
  limits: Limits,
): Properties {
  const asked = connect.properties.sessionExpiryInterval ?? 0;
  const properties: Properties = {
    ...methodProperties,
    receiveMaximum: limits.receiveMaximum,
    maximumPacketSize: limits.maximumPacketSize,
    topicAliasMaximum: limits.topicAliasMaximum,
  };
  if (grantedInterval(asked, limits) !== intervalOf(asked)) {
    properties.sessionExpiryInterval = session.expiryInterval;
  }
  if (connect.clientId === "") properties.assignedClientIdentifier = clientId;
  if (serverKeepAlive !== undefined) {
    properties.serverKeepAlive = serverKeepAlive;
  }
  if (
    connect.properties.requestResponseInformation && /^[^+#/]+$/.test(clientId)
  ) {
    properties.responseInformation = `response/${clientId}`;
  }
  return properties;
}

function encodeConnack(
  properties: Properties,
  sessionPresent: boolean,
  { protocolVersion }: Connect,
): Uint8Array {
  const type = PacketType.Connack;
  const reasonCode = ReasonCode.Success;
  return encode(
    { type, sessionPresent, reasonCode, properties },
    protocolVersion,
  );
}

function intervalOf(seconds: number): number {
  return seconds === SESSION_NEVER_EXPIRES ? Infinity : seconds;
}
