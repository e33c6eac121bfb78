/**
 * Control packets as a client writes them, also such as no client should.
 *
 * @module
 */
import { frame, joinAll, string, u16, utf8 } from "../bytes.ts";
import { encodeProperties, type Properties } from "../properties.ts";

/** Protocol level: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0. */
export type Version = 3 | 4 | 5;

/** A Will Message as CONNECT carries it. */
export interface Will {
  topic: string;
  payload?: string | Uint8Array;
  qos?: number;
  retain?: boolean;
  properties?: Properties | Uint8Array;
}

/** What CONNECT says; whatever is left out is the plainest choice. */
export interface ConnectOptions {
  version?: Version;
  /** Sets the bit by which a bridge of mosquitto is known before 5.0. */
  bridge?: boolean;
  clientId?: string;
  /** Clean Start, or CleanSession before 5.0; true if left out. */
  clean?: boolean;
  keepAlive?: number;
  will?: Will;
  username?: string;
  password?: string;
  properties?: Properties | Uint8Array;
}

/** The CONNECT packet. */
export function connect(options: ConnectOptions): Uint8Array {
  const { version = 5, clean = true, will, username, password } = options;
  let flags = clean ? 0x02 : 0;
  const payload = [string(options.clientId ?? "")];
  if (will !== undefined) {
    flags |= 0x04 | (will.qos ?? 0) << 3 | (will.retain ? 0x20 : 0);
    if (version === 5) payload.push(encodeProperties(will.properties));
    payload.push(string(will.topic), string(will.payload ?? ""));
  }
  if (username !== undefined) {
    flags |= 0x80;
    payload.push(string(username));
  }
  if (password !== undefined) {
    flags |= 0x40;
    payload.push(string(password));
  }
  return frame(
    0x10,
    string(version === 3 ? "MQIsdp" : "MQTT"),
    Uint8Array.of(options.bridge ? version | 0x80 : version, flags),
    u16(options.keepAlive ?? 0),
    version === 5 ? encodeProperties(options.properties) : new Uint8Array(),
    ...payload,
  );
}

/** The options of a PUBLISH beside topic and payload. */
export interface PublishOptions {
  qos?: number;
  retain?: boolean;
  dup?: boolean;
  packetId?: number;
  properties?: Properties | Uint8Array;
}

/** Options of a client whose session outlives its connection. */
export function persistent(
  version: Version,
  clientId = "stays",
): ConnectOptions {
  return {
    version,
    clientId,
    clean: false,
    properties: version === 5 ? { sessionExpiryInterval: 1000 } : {},
  };
}

/** The PUBLISH packet. */
export function publish(
  version: Version,
  topic: string,
  payload: string | Uint8Array,
  options: PublishOptions = {},
): Uint8Array {
  const { qos = 0, retain, dup, packetId = 0 } = options;
  return frame(
    0x30 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0),
    string(topic),
    qos > 0 ? u16(packetId) : new Uint8Array(),
    version === 5 ? encodeProperties(options.properties) : new Uint8Array(),
    typeof payload === "string" ? utf8(payload) : payload,
  );
}

const ACKNOWLEDGEMENTS = {
  puback: 0x40,
  pubrec: 0x50,
  pubrel: 0x62,
  pubcomp: 0x70,
} as const;

/** PUBACK, PUBREC, PUBREL or PUBCOMP; the reason code is written if it is not 0. */
export function acknowledgement(
  version: Version,
  type: keyof typeof ACKNOWLEDGEMENTS,
  packetId: number,
  reasonCode = 0,
  properties?: Properties,
): Uint8Array {
  const long = version === 5 && (reasonCode !== 0 || properties !== undefined);
  return frame(
    ACKNOWLEDGEMENTS[type],
    u16(packetId),
    long ? Uint8Array.of(reasonCode) : new Uint8Array(),
    long && properties ? encodeProperties(properties) : new Uint8Array(),
  );
}

/** A filter with its subscription options. */
export interface Subscription {
  filter: string;
  qos?: number;
  noLocal?: boolean;
  retainAsPublished?: boolean;
  retainHandling?: number;
}

/** The SUBSCRIBE packet. */
export function subscribe(
  version: Version,
  packetId: number,
  subscriptions: readonly Subscription[],
  properties?: Properties | Uint8Array,
): Uint8Array {
  return frame(
    0x82,
    u16(packetId),
    version === 5 ? encodeProperties(properties) : new Uint8Array(),
    joinAll(subscriptions.flatMap((one) => [
      string(one.filter),
      Uint8Array.of(
        (one.qos ?? 0) | (one.noLocal ? 4 : 0) |
          (one.retainAsPublished ? 8 : 0) | (one.retainHandling ?? 0) << 4,
      ),
    ])),
  );
}

/** The UNSUBSCRIBE packet. */
export function unsubscribe(
  version: Version,
  packetId: number,
  filters: readonly string[],
  properties?: Properties | Uint8Array,
): Uint8Array {
  return frame(
    0xA2,
    u16(packetId),
    version === 5 ? encodeProperties(properties) : new Uint8Array(),
    joinAll(filters.map(string)),
  );
}

/** The PINGREQ packet. */
export const PINGREQ: Uint8Array = frame(0xC0);

/** The DISCONNECT packet. */
export function disconnect(
  version: Version,
  reasonCode = 0,
  properties?: Properties,
): Uint8Array {
  if (version < 5 || (reasonCode === 0 && properties === undefined)) {
    return frame(0xE0);
  }
  return frame(
    0xE0,
    Uint8Array.of(reasonCode),
    properties ? encodeProperties(properties) : new Uint8Array(),
  );
}

/** The AUTH packet. */
export function auth(reasonCode: number, properties: Properties): Uint8Array {
  return frame(0xF0, Uint8Array.of(reasonCode), encodeProperties(properties));
}

/** All versions, for tests that hold in each. */
export const VERSIONS: readonly Version[] = [3, 4, 5];

/** What each version is called. */
export const VERSION_NAMES: Readonly<Record<Version, string>> = {
  3: "3.1",
  4: "3.1.1",
  5: "5.0",
};
