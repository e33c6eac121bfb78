import type { ProtocolVersion } from "../codec/packet.ts";
import type { Properties } from "../codec/properties.ts";
import { ReasonCode, reasonName } from "../codec/reason_code.ts";

const R = ReasonCode;

/** What brokers say, in words that fit behind a colon. */
const WORDS: ReadonlyMap<number, string> = new Map<number, string>([
  [R.NoMatchingSubscribers, "there are no subscribers"],
  [R.NoSubscriptionExisted, "there was no such subscription"],
  [R.UnspecifiedError, "it does not say why"],
  [R.MalformedPacket, "a packet of ours was malformed"],
  [R.ProtocolError, "what we sent is against the protocol"],
  [R.ImplementationSpecificError, "it cannot do that"],
  [
    R.UnsupportedProtocolVersion,
    "it does not speak this version of MQTT; another one can be chosen with -V",
  ],
  [R.ClientIdentifierNotValid, "it does not accept the client identifier"],
  [R.BadUserNameOrPassword, "bad user name or password"],
  [R.NotAuthorized, "not authorized"],
  [R.ServerUnavailable, "it is not available"],
  [R.ServerBusy, "it is busy"],
  [R.Banned, "this client is banned"],
  [R.ServerShuttingDown, "it is shutting down"],
  [R.BadAuthenticationMethod, "bad authentication method"],
  [R.KeepAliveTimeout, "it heard nothing for too long"],
  [
    R.SessionTakenOver,
    "another client has connected with the same client identifier",
  ],
  [R.TopicFilterInvalid, "the topic filter is not valid"],
  [R.TopicNameInvalid, "the topic name is not valid"],
  [R.PacketIdentifierInUse, "the packet identifier is in use"],
  [R.PacketIdentifierNotFound, "the packet identifier is not known"],
  [R.ReceiveMaximumExceeded, "too many messages were under way"],
  [R.TopicAliasInvalid, "the topic alias is not valid"],
  [R.PacketTooLarge, "the packet is too large"],
  [R.MessageRateTooHigh, "messages come too fast"],
  [R.QuotaExceeded, "a quota is used up"],
  [R.AdministrativeAction, "it was told to end the connection"],
  [R.PayloadFormatInvalid, "the payload is not what its format indicator says"],
  [R.RetainNotSupported, "it does not retain messages"],
  [R.QoSNotSupported, "it does not support this QoS"],
  [R.UseAnotherServer, "another server is to be used for now"],
  [R.ServerMoved, "another server is to be used from now on"],
  [R.SharedSubscriptionsNotSupported, "it has no shared subscriptions"],
  [R.ConnectionRateExceeded, "too many connections come at once"],
  [R.MaximumConnectTime, "the longest time for a connection is over"],
  [
    R.SubscriptionIdentifiersNotSupported,
    "it does not support subscription identifiers",
  ],
  [R.WildcardSubscriptionsNotSupported, "it takes no filters with wildcards"],
]);

/** Refusals and endings after which the same would happen again. */
const FINAL: ReadonlySet<number> = new Set<number>([
  R.MalformedPacket,
  R.ProtocolError,
  R.UnsupportedProtocolVersion,
  R.ClientIdentifierNotValid,
  R.BadUserNameOrPassword,
  R.NotAuthorized,
  R.Banned,
  R.BadAuthenticationMethod,
  R.SessionTakenOver,
  R.TopicNameInvalid,
  R.TopicFilterInvalid,
  R.PacketTooLarge,
  R.PayloadFormatInvalid,
  R.RetainNotSupported,
  R.QoSNotSupported,
  R.UseAnotherServer,
  R.ServerMoved,
]);

/** Whether it makes no sense to come again after this. */
export function isFinal(code: ReasonCode): boolean {
  return FINAL.has(code);
}

/**
 * What a broker said, in words: those of its reason code, then its own. In 5.0 the code itself stands there too, since
 * manuals are searched for it.
 */
export function reasonWords(
  code: ReasonCode,
  properties: Pick<Properties, "reasonString" | "serverReference">,
  version: ProtocolVersion,
): string {
  const { reasonString, serverReference } = properties;
  let text = WORDS.get(code) ?? reasonName(code);
  if (version === 5) text += ` (0x${code.toString(16).padStart(2, "0")})`;
  if (serverReference !== undefined) text += `, ${shown(serverReference)}`;
  if (reasonString !== undefined) text += `: ${shown(reasonString)}`;
  return text;
}

/** A broker's text without what would do something to a terminal. */
function shown(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}
