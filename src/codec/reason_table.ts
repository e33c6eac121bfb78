import { PacketType } from "./packet.ts";
import { ReasonCode } from "./reason_code.ts";

const CLIENT = 1;
const SERVER = 2;
const BOTH = CLIENT | SERVER;

const R = ReasonCode;
const PUBLISH_ANSWER = [
  R.Success,
  R.UnspecifiedError,
  R.ImplementationSpecificError,
  R.NotAuthorized,
  R.TopicNameInvalid,
  R.PacketIdentifierInUse,
  R.QuotaExceeded,
  R.PayloadFormatInvalid,
];
const RELEASE = [R.Success, R.PacketIdentifierNotFound];

const TABLE: readonly Uint8Array[] = Array.from(
  { length: 16 },
  () => new Uint8Array(256),
);

function allow(
  types: readonly PacketType[],
  senders: number,
  codes: readonly ReasonCode[],
): void {
  for (const type of types) {
    for (const code of codes) TABLE[type]![code] = senders;
  }
}

allow([PacketType.Connack], SERVER, [
  R.Success,
  R.UnspecifiedError,
  R.MalformedPacket,
  R.ProtocolError,
  R.ImplementationSpecificError,
  R.UnsupportedProtocolVersion,
  R.ClientIdentifierNotValid,
  R.BadUserNameOrPassword,
  R.NotAuthorized,
  R.ServerUnavailable,
  R.ServerBusy,
  R.Banned,
  R.BadAuthenticationMethod,
  R.TopicNameInvalid,
  R.PacketTooLarge,
  R.QuotaExceeded,
  R.PayloadFormatInvalid,
  R.RetainNotSupported,
  R.QoSNotSupported,
  R.UseAnotherServer,
  R.ServerMoved,
  R.ConnectionRateExceeded,
]);
allow([PacketType.Puback, PacketType.Pubrec], BOTH, PUBLISH_ANSWER);
allow([PacketType.Puback, PacketType.Pubrec], SERVER, [
  R.NoMatchingSubscribers,
]);
allow([PacketType.Pubrel, PacketType.Pubcomp], BOTH, RELEASE);
allow([PacketType.Suback], SERVER, [
  R.GrantedQoS0,
  R.GrantedQoS1,
  R.GrantedQoS2,
  R.UnspecifiedError,
  R.ImplementationSpecificError,
  R.NotAuthorized,
  R.TopicFilterInvalid,
  R.PacketIdentifierInUse,
  R.QuotaExceeded,
  R.SharedSubscriptionsNotSupported,
  R.SubscriptionIdentifiersNotSupported,
  R.WildcardSubscriptionsNotSupported,
]);
allow([PacketType.Unsuback], SERVER, [
  R.Success,
  R.NoSubscriptionExisted,
  R.UnspecifiedError,
  R.ImplementationSpecificError,
  R.NotAuthorized,
  R.TopicFilterInvalid,
  R.PacketIdentifierInUse,
]);
allow([PacketType.Disconnect], BOTH, [
  R.NormalDisconnection,
  R.UnspecifiedError,
  R.MalformedPacket,
  R.ProtocolError,
  R.ImplementationSpecificError,
  R.TopicNameInvalid,
  R.ReceiveMaximumExceeded,
  R.TopicAliasInvalid,
  R.PacketTooLarge,
  R.MessageRateTooHigh,
  R.QuotaExceeded,
  R.AdministrativeAction,
  R.PayloadFormatInvalid,
]);
allow([PacketType.Disconnect], CLIENT, [R.DisconnectWithWillMessage]);
// 0x8C is not here: table 2-6 names DISCONNECT for it, but table 3-10, which binds [MQTT-3.14.2-1], does not.
allow([PacketType.Disconnect], SERVER, [
  R.NotAuthorized,
  R.ServerBusy,
  R.ServerShuttingDown,
  R.KeepAliveTimeout,
  R.SessionTakenOver,
  R.TopicFilterInvalid,
  R.RetainNotSupported,
  R.QoSNotSupported,
  R.UseAnotherServer,
  R.ServerMoved,
  R.SharedSubscriptionsNotSupported,
  R.ConnectionRateExceeded,
  R.MaximumConnectTime,
  R.SubscriptionIdentifiersNotSupported,
  R.WildcardSubscriptionsNotSupported,
]);
allow([PacketType.Auth], BOTH, [R.ContinueAuthentication]);
allow([PacketType.Auth], CLIENT, [R.ReAuthenticate]);
allow([PacketType.Auth], SERVER, [R.Success]);

/** Whether a 5.0 packet of this type that reaches a `receiver` may carry the reason code `code` (table 2-6). */
export function isReasonAllowed(
  type: PacketType,
  code: number,
  receiver: "server" | "client",
): code is ReasonCode {
  const sender = receiver === "server" ? CLIENT : SERVER;
  return (TABLE[type]![code]! & sender) !== 0;
}
