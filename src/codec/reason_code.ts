/**
 * Why something succeeded or failed: the reason codes of MQTT 5.0 (section 2.4), which the whole
 * broker uses for every protocol version, and the CONNACK return codes of MQTT 3.1 and 3.1.1,
 * to which they are mapped at the very edge.
 */

/** The reason codes of MQTT 5.0, by the names of section 2.4; 0x80 and above are failures. */
export const ReasonCode = {
  Success: 0x00,
  NormalDisconnection: 0x00,
  GrantedQoS0: 0x00,
  GrantedQoS1: 0x01,
  GrantedQoS2: 0x02,
  DisconnectWithWillMessage: 0x04,
  NoMatchingSubscribers: 0x10,
  NoSubscriptionExisted: 0x11,
  ContinueAuthentication: 0x18,
  ReAuthenticate: 0x19,
  UnspecifiedError: 0x80,
  MalformedPacket: 0x81,
  ProtocolError: 0x82,
  ImplementationSpecificError: 0x83,
  UnsupportedProtocolVersion: 0x84,
  ClientIdentifierNotValid: 0x85,
  BadUserNameOrPassword: 0x86,
  NotAuthorized: 0x87,
  ServerUnavailable: 0x88,
  ServerBusy: 0x89,
  Banned: 0x8A,
  ServerShuttingDown: 0x8B,
  BadAuthenticationMethod: 0x8C,
  KeepAliveTimeout: 0x8D,
  SessionTakenOver: 0x8E,
  TopicFilterInvalid: 0x8F,
  TopicNameInvalid: 0x90,
  PacketIdentifierInUse: 0x91,
  PacketIdentifierNotFound: 0x92,
  ReceiveMaximumExceeded: 0x93,
  TopicAliasInvalid: 0x94,
  PacketTooLarge: 0x95,
  MessageRateTooHigh: 0x96,
  QuotaExceeded: 0x97,
  AdministrativeAction: 0x98,
  PayloadFormatInvalid: 0x99,
  RetainNotSupported: 0x9A,
  QoSNotSupported: 0x9B,
  UseAnotherServer: 0x9C,
  ServerMoved: 0x9D,
  SharedSubscriptionsNotSupported: 0x9E,
  ConnectionRateExceeded: 0x9F,
  MaximumConnectTime: 0xA0,
  SubscriptionIdentifiersNotSupported: 0xA1,
  WildcardSubscriptionsNotSupported: 0xA2,
} as const;

/** One of the values of the table {@linkcode ReasonCode}. */
export type ReasonCode = typeof ReasonCode[keyof typeof ReasonCode];

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ReasonCode)
    .filter(([name]) =>
      name !== "NormalDisconnection" && name !== "GrantedQoS0"
    )
    .map(([name, code]) => [code, name]),
);

/** The name of a reason code for logs and messages, such as `ProtocolError`; in hexadecimal when unknown. */
export function reasonName(code: number): string {
  return NAMES.get(code) ?? `0x${code.toString(16).padStart(2, "0")}`;
}

/** The return codes of a CONNACK in MQTT 3.1 and 3.1.1 (3.1.1 section 3.2.2.3). */
export const ConnectReturnCode = {
  Accepted: 0,
  UnacceptableProtocolVersion: 1,
  IdentifierRejected: 2,
  ServerUnavailable: 3,
  BadUserNameOrPassword: 4,
  NotAuthorized: 5,
} as const;

/** One of the values of the table {@linkcode ConnectReturnCode}. */
export type ConnectReturnCode =
  typeof ConnectReturnCode[keyof typeof ConnectReturnCode];

/** The return code that tells a 3.x client best what `code` tells a 5.0 client. */
export function connectReturnCode(code: ReasonCode): ConnectReturnCode {
  switch (code) {
    case ReasonCode.Success:
      return ConnectReturnCode.Accepted;
    case ReasonCode.UnsupportedProtocolVersion:
      return ConnectReturnCode.UnacceptableProtocolVersion;
    case ReasonCode.ClientIdentifierNotValid:
      return ConnectReturnCode.IdentifierRejected;
    case ReasonCode.BadUserNameOrPassword:
    case ReasonCode.BadAuthenticationMethod:
      return ConnectReturnCode.BadUserNameOrPassword;
    case ReasonCode.NotAuthorized:
    case ReasonCode.Banned:
    case ReasonCode.TopicNameInvalid:
      return ConnectReturnCode.NotAuthorized;
    default:
      return ConnectReturnCode.ServerUnavailable;
  }
}

/** The reason code that says what a 3.x return code says; undefined for a number without meaning. */
export function reasonOfReturnCode(code: number): ReasonCode | undefined {
  switch (code) {
    case ConnectReturnCode.Accepted:
      return ReasonCode.Success;
    case ConnectReturnCode.UnacceptableProtocolVersion:
      return ReasonCode.UnsupportedProtocolVersion;
    case ConnectReturnCode.IdentifierRejected:
      return ReasonCode.ClientIdentifierNotValid;
    case ConnectReturnCode.ServerUnavailable:
      return ReasonCode.ServerUnavailable;
    case ConnectReturnCode.BadUserNameOrPassword:
      return ReasonCode.BadUserNameOrPassword;
    case ConnectReturnCode.NotAuthorized:
      return ReasonCode.NotAuthorized;
    default:
      return undefined;
  }
}
