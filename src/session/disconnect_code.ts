import type { DisconnectedCause } from "../core/counters.ts";
import { ReasonCode } from "../codec/reason_code.ts";

/**
 * The reason code of the DISCONNECT that tells an MQTT 5 client why its connection is ended, or `undefined` where
 * there is nobody left to tell [MQTT-3.14.0-1].
 */
export const DISCONNECT_CODE: Readonly<
  Record<DisconnectedCause, ReasonCode | undefined>
> = {
  clientDisconnect: undefined,
  clientClosed: undefined,
  networkError: undefined,
  keepAliveTimeout: ReasonCode.KeepAliveTimeout,
  sessionTakenOver: ReasonCode.SessionTakenOver,
  malformedPacket: ReasonCode.MalformedPacket,
  protocolError: ReasonCode.ProtocolError,
  packetTooLarge: ReasonCode.PacketTooLarge,
  receiveMaximumExceeded: ReasonCode.ReceiveMaximumExceeded,
  topicAliasInvalid: ReasonCode.TopicAliasInvalid,
  quotaExceeded: ReasonCode.QuotaExceeded,
  slowConsumer: ReasonCode.QuotaExceeded,
  memory: ReasonCode.QuotaExceeded,
  notAuthorized: ReasonCode.NotAuthorized,
  administrative: ReasonCode.AdministrativeAction,
  shutdown: ReasonCode.ServerShuttingDown,
  internalError: ReasonCode.ImplementationSpecificError,
};

const CAUSES = new Map<number, DisconnectedCause>([
  [ReasonCode.MalformedPacket, "malformedPacket"],
  [ReasonCode.PacketTooLarge, "packetTooLarge"],
  [ReasonCode.ReceiveMaximumExceeded, "receiveMaximumExceeded"],
  [ReasonCode.TopicAliasInvalid, "topicAliasInvalid"],
  [ReasonCode.QuotaExceeded, "quotaExceeded"],
  [ReasonCode.NotAuthorized, "notAuthorized"],
  [ReasonCode.ImplementationSpecificError, "internalError"],
]);

/** The cause to count and log for a peer's error with this reason code. */
export function causeOf(code: ReasonCode): DisconnectedCause {
  return CAUSES.get(code) ?? "protocolError";
}
