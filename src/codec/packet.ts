// What the bytes mean: one type for each MQTT control packet, told apart by `type`. Read this file first, then
// decode/decoder.ts (bytes to packets) and encode/encode.ts (packets to bytes).

import type { Properties } from "./properties.ts";
import type { ReasonCode } from "./reason_code.ts";

export type { Properties };

/** The kinds of control packets, by their number on the wire (section 2.1.2). */
export const PacketType = {
  Connect: 1,
  Connack: 2,
  Publish: 3,
  Puback: 4,
  Pubrec: 5,
  Pubrel: 6,
  Pubcomp: 7,
  Subscribe: 8,
  Suback: 9,
  Unsubscribe: 10,
  Unsuback: 11,
  Pingreq: 12,
  Pingresp: 13,
  Disconnect: 14,
  Auth: 15,
  /** Not on the wire: see {@linkcode UnfinishedPacket}. */
  Unfinished: 16,
} as const;

/** One of the values of the table {@linkcode PacketType}. */
export type PacketType = typeof PacketType[keyof typeof PacketType];

/** The name of a packet type as the specification writes it, such as `PUBLISH`. */
export function packetName(type: number): string {
  return NAMES[type] ?? `packet type ${type}`;
}

const NAMES: readonly string[] = Object.entries(PacketType).reduce<string[]>(
  (names, [name, type]) => {
    names[type] = name.toUpperCase();
    return names;
  },
  [],
);

/** The protocol level in CONNECT: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0. */
export type ProtocolVersion = 3 | 4 | 5;

/** The protocol versions as people call them. */
export const PROTOCOL_NAMES = { 3: "3.1", 4: "3.1.1", 5: "5.0" } as const;

/** How surely a message is delivered: at most once, at least once, exactly once (section 4.3). */
export type QoS = 0 | 1 | 2;

/** The message that the server is to publish when the client is lost (section 3.1.2.5). */
export interface Will {
  /** At least one character, without wildcards. */
  topic: string;
  /** Up to 65,535 bytes, an own copy. */
  payload: Uint8Array;
  /** The QoS to publish with. */
  qos: QoS;
  /** Whether to retain it. */
  retain: boolean;
  /** All properties of the will; empty below 5.0. */
  properties: Properties;
  /** The encoded properties without Will Delay and Message Expiry Interval, ready to be forwarded. */
  rawProperties: Uint8Array;
}

/** The first packet from a client (section 3.1). Nothing in it is borrowed from the read buffer. */
export interface Connect {
  /** Tells the packets apart. */
  type: typeof PacketType.Connect;
  /** The version that the connection speaks from here on. */
  protocolVersion: ProtocolVersion;
  /** The client is a bridge of mosquitto, by a bit in its version below 5.0; left out otherwise. */
  isBridge?: true;
  /** Start without the session's former state ("clean session" below 5.0). */
  cleanStart: boolean;
  /** Seconds; 0 means none. */
  keepAlive: number;
  /** Empty: the server is to assign one. */
  clientId: string;
  /** Absent without the will flag. */
  will?: Will;
  /** Absent without the user name flag (in 3.1 also when the string is missing). */
  username?: string;
  /** Absent without the password flag (in 3.1 also when the bytes are missing). */
  password?: Uint8Array;
  /** Empty below 5.0. */
  properties: Properties;
}

/** The server's answer to CONNECT (section 3.2). */
export interface Connack {
  /** Tells the packets apart. */
  type: typeof PacketType.Connack;
  /** Whether the server resumed a session. */
  sessionPresent: boolean;
  /** In words of 5.0 for every version; encoded as the nearest return code below 5.0. */
  reasonCode: ReasonCode;
  /** Empty below 5.0. */
  properties: Properties;
}

/**
 * A message on its way (section 3.3). It borrows `bytes`: whatever outlives the read buffer is to be
 * copied. All positions are absolute in `bytes`. One hidden class: every field is always set.
 */
export class Publish {
  /** Tells the packets apart. */
  readonly type: typeof PacketType.Publish;
  /** The version it was decoded in; the property block is empty below 5. */
  readonly version: ProtocolVersion;
  /** The buffer in which the packet lies; borrowed. */
  readonly bytes: Uint8Array;
  /** Where the fixed header starts. */
  readonly start: number;
  /** Where the packet and its payload end. */
  readonly end: number;
  /** 0, 1 or 2. */
  readonly qos: QoS;
  /** The RETAIN flag. */
  readonly retain: boolean;
  /** The DUP flag; with QoS 0 only in MQTT 3.1 [MQTT-3.3.1-2]. */
  readonly dup: boolean;
  /** 1 to 65535; 0 with QoS 0. */
  readonly packetId: number;
  /** The topic's first byte. */
  readonly topicStart: number;
  /** After the topic's last byte; equal to `topicStart` only with an alias. */
  readonly topicEnd: number;
  /** The signed 32-bit {@linkcode hashTopic} of the topic's bytes. */
  readonly topicHash: number;
  /** 1 to 65535; 0 when there is none. */
  readonly topicAlias: number;
  /** Seconds, 0 to 0xFFFFFFFF; -1 when there is none. */
  readonly messageExpiryInterval: number;
  /** The first byte of the properties, after their length. */
  readonly propertiesStart: number;
  /** After the last byte of the properties; equal to `propertiesStart` when there are none. */
  readonly propertiesEnd: number;
  /** The payload's first byte; it ends at `end`. */
  readonly payloadStart: number;
  /** Where properties that are not to be forwarded start and end, in pairs. */
  readonly propertyCuts: readonly number[];

  /** Takes the fields in their order. */
  constructor(
    version: ProtocolVersion,
    bytes: Uint8Array,
    start: number,
    end: number,
    qos: QoS,
    retain: boolean,
    dup: boolean,
    packetId: number,
    topicStart: number,
    topicEnd: number,
    topicHash: number,
    topicAlias: number,
    messageExpiryInterval: number,
    propertiesStart: number,
    propertiesEnd: number,
    payloadStart: number,
    propertyCuts: readonly number[],
  ) {
    this.type = PacketType.Publish;
    this.version = version;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.qos = qos;
    this.retain = retain;
    this.dup = dup;
    this.packetId = packetId;
    this.topicStart = topicStart;
    this.topicEnd = topicEnd;
    this.topicHash = topicHash;
    this.topicAlias = topicAlias;
    this.messageExpiryInterval = messageExpiryInterval;
    this.propertiesStart = propertiesStart;
    this.propertiesEnd = propertiesEnd;
    this.payloadStart = payloadStart;
    this.propertyCuts = propertyCuts;
  }
}

/** The types of the four packets that a PUBLISH with QoS 1 or 2 is answered with. */
export type AcknowledgementType =
  | typeof PacketType.Puback
  | typeof PacketType.Pubrec
  | typeof PacketType.Pubrel
  | typeof PacketType.Pubcomp;

/** PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7). */
export class Acknowledgement {
  /** Which of the four. */
  readonly type: AcknowledgementType;
  /** 1 to 65535. */
  readonly packetId: number;
  /** Success below 5.0. */
  readonly reasonCode: ReasonCode;
  /** Undefined when there are none. */
  readonly properties: Properties | undefined;

  /** Takes the fields in their order. */
  constructor(
    type: AcknowledgementType,
    packetId: number,
    reasonCode: ReasonCode,
    properties?: Properties,
  ) {
    this.type = type;
    this.packetId = packetId;
    this.reasonCode = reasonCode;
    this.properties = properties;
  }
}

/** One filter of a SUBSCRIBE with its options (section 3.8.3.1). */
export interface SubscriptionRequest {
  /** At least one character of valid UTF-8; where wildcards stand is not judged here. */
  filter: string;
  /** The highest QoS to deliver with. */
  qos: QoS;
  /** Do not send back what this client publishes. */
  noLocal: boolean;
  /** Keep the RETAIN flag of the publisher. */
  retainAsPublished: boolean;
  /** Retained messages: 0 send, 1 send when the subscription is new, 2 do not send. */
  retainHandling: 0 | 1 | 2;
}

/** A wish for messages (section 3.8). */
export interface Subscribe {
  /** Tells the packets apart. */
  type: typeof PacketType.Subscribe;
  /** 1 to 65535. */
  packetId: number;
  /** 1 to 268435455; 0 when there is none. */
  subscriptionIdentifier: number;
  /** In the order of the packet; at most the decoder's `maximumFilters`. */
  filters: SubscriptionRequest[];
  /** How many filters came beyond those: checked, but not kept. They too need a code in the SUBACK. */
  extraFilters: number;
  /** Empty below 5.0. */
  properties: Properties;
}

/** The answer to SUBSCRIBE (section 3.9). */
export interface Suback {
  /** Tells the packets apart. */
  type: typeof PacketType.Suback;
  /** That of the SUBSCRIBE. */
  packetId: number;
  /** One for each filter, in their order; failures become 0x80 below 5.0. */
  reasonCodes: ReasonCode[];
  /** Empty below 5.0. */
  properties: Properties;
}

/** The end of subscriptions (section 3.10). */
export interface Unsubscribe {
  /** Tells the packets apart. */
  type: typeof PacketType.Unsubscribe;
  /** 1 to 65535. */
  packetId: number;
  /** In the order of the packet; at most the decoder's `maximumFilters`. */
  filters: string[];
  /** How many filters came beyond those: checked, but not kept. They too need a code in the UNSUBACK. */
  extraFilters: number;
  /** Empty below 5.0. */
  properties: Properties;
}

/** The answer to UNSUBSCRIBE (section 3.11). */
export interface Unsuback {
  /** Tells the packets apart. */
  type: typeof PacketType.Unsuback;
  /** That of the UNSUBSCRIBE. */
  packetId: number;
  /** One for each filter, in their order; empty below 5.0. */
  reasonCodes: ReasonCode[];
  /** Empty below 5.0. */
  properties: Properties;
}

/** "Are you there?" (section 3.12). */
export interface Pingreq {
  /** Tells the packets apart. */
  type: typeof PacketType.Pingreq;
}

/** The answer to PINGREQ (section 3.13). */
export interface Pingresp {
  /** Tells the packets apart. */
  type: typeof PacketType.Pingresp;
}

/** The last packet of a connection (section 3.14). */
export interface Disconnect {
  /** Tells the packets apart. */
  type: typeof PacketType.Disconnect;
  /** Normal disconnection below 5.0. */
  reasonCode: ReasonCode;
  /** Empty below 5.0. */
  properties: Properties;
}

/** A step of extended authentication (section 3.15); 5.0 only. */
export interface Auth {
  /** Tells the packets apart. */
  type: typeof PacketType.Auth;
  /** Success, ContinueAuthentication or ReAuthenticate. */
  reasonCode: ReasonCode;
  /** Those of the authentication, and user properties. */
  properties: Properties;
}

/**
 * A packet whose lists (filters, user properties, reason codes) are so long that reading them at once
 * would hold the event loop. Call `step` with pauses in between until it returns the packet; the
 * buffer from which it was decoded must stay as it is until then.
 */
export class UnfinishedPacket {
  /** Tells the packets apart. */
  readonly type: typeof PacketType.Unfinished;
  readonly #read: (maximumItems: number) => FinishedPacket | undefined;

  /** Made by the decoder, with what reads on. */
  constructor(read: (maximumItems: number) => FinishedPacket | undefined) {
    this.type = PacketType.Unfinished;
    this.#read = read;
  }

  /**
   * Reads up to `maximumItems` list items further; an item of many bytes counts as several, one for
   * each 128 bytes. Returns the packet when it is complete. Throws a PacketError like the decoder.
   */
  step(maximumItems: number): FinishedPacket | undefined {
    return this.#read(maximumItems);
  }
}

/** Any control packet. */
export type FinishedPacket =
  | Connect
  | Connack
  | Publish
  | Acknowledgement
  | Subscribe
  | Suback
  | Unsubscribe
  | Unsuback
  | Pingreq
  | Pingresp
  | Disconnect
  | Auth;

/** What the decoder returns: a control packet, or a long one to be read on in steps. */
export type Packet = FinishedPacket | UnfinishedPacket;
