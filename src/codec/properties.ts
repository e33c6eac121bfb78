/** The properties of an MQTT 5.0 packet or will (section 2.2.2.2), decoded; intervals are in seconds. */
export interface Properties {
  /** 1: the payload is UTF-8; 0: it may be anything. */
  payloadFormatIndicator?: number;
  /** Seconds for which the message is of use. */
  messageExpiryInterval?: number;
  /** What the payload is, in words of the application. */
  contentType?: string;
  /** The topic to answer to; without wildcards [MQTT-3.3.2-14]. */
  responseTopic?: string;
  /** What the requester wants to see again in the answer. */
  correlationData?: Uint8Array;
  /** 1 to 268435455 each; several in PUBLISH only. */
  subscriptionIdentifiers?: number[];
  /** Seconds for which the session outlives its connection; 0xFFFFFFFF is for ever. */
  sessionExpiryInterval?: number;
  /** The client identifier that the server chose. */
  assignedClientIdentifier?: string;
  /** The keep alive, in seconds, that the server wants instead. */
  serverKeepAlive?: number;
  /** The name of the method of extended authentication (section 4.12). */
  authenticationMethod?: string;
  /** The method's data. */
  authenticationData?: Uint8Array;
  /** Whether reason strings and user properties may be sent with failures. */
  requestProblemInformation?: boolean;
  /** Seconds between the end of the connection and the will. */
  willDelayInterval?: number;
  /** Whether the client asks for Response Information. */
  requestResponseInformation?: boolean;
  /** What to build response topics from. */
  responseInformation?: string;
  /** Another server to use. */
  serverReference?: string;
  /** The reason in words, for diagnosis. */
  reasonString?: string;
  /** How many QoS 1 and 2 publishes may be under way; 1 to 65535. */
  receiveMaximum?: number;
  /** The highest topic alias that is accepted. */
  topicAliasMaximum?: number;
  /** A number in place of the topic; 1 to 65535. */
  topicAlias?: number;
  /** The highest QoS that the server supports, when it is not 2. */
  maximumQoS?: 0 | 1;
  /** Whether the server retains messages. */
  retainAvailable?: boolean;
  /** Name and value pairs, in their order [MQTT-3.3.2-18]. */
  userProperties?: [string, string][];
  /** The largest packet, in bytes, that is accepted; 1 and more. */
  maximumPacketSize?: number;
  /** Whether the server takes filters with wildcards. */
  wildcardSubscriptionAvailable?: boolean;
  /** Whether the server takes subscription identifiers. */
  subscriptionIdentifierAvailable?: boolean;
  /** Whether the server takes shared subscriptions. */
  sharedSubscriptionAvailable?: boolean;
  /** How many user properties came beyond the decoder's `maximumUserProperties`: checked, but not kept. */
  extraUserProperties?: number;
}
