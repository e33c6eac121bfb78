import type { Budget } from "./budget.ts";
import type { Cursor } from "./cursor.ts";
import type { DecodeContext, Steps } from "./context.ts";
import {
  type Connect,
  PacketType,
  type Properties,
  type ProtocolVersion,
  type QoS,
  type Will,
} from "../packet.ts";
import { PacketError } from "../packet_error.ts";
import { copyWithout } from "./property_blocks.ts";
import { PropertyReader, readProperties } from "./property_reader.ts";
import { WILL_PROPERTIES } from "../property_table.ts";
import { ReasonCode } from "../reason_code.ts";

const RESERVED = 0x01;
const CLEAN_START = 0x02;
const WILL = 0x04;
const WILL_RETAIN = 0x20;
const PASSWORD = 0x40;
const USER_NAME = 0x80;
/** Set in the protocol version by a bridge of mosquitto. */
const BRIDGE = 0x80;

/** Reads the body of CONNECT (section 3.1). Sets the version of `context` as soon as it is known. */
export function* readConnect(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Connect> {
  const { version, isBridge } = readVersion(cursor, context);
  const flags = cursor.byte("connect flags");
  checkFlags(cursor, flags, version);
  const keepAlive = cursor.twoByteInteger("keep alive");
  const properties = version === 5
    ? yield* readProperties(
      cursor,
      PacketType.Connect,
      budget,
      context.maximumUserProperties,
    )
    : {};
  const clientId = cursor.string("client identifier");
  checkClientId(cursor, clientId, version, (flags & CLEAN_START) !== 0);
  const connect: Connect = {
    type: PacketType.Connect,
    protocolVersion: version,
    cleanStart: (flags & CLEAN_START) !== 0,
    keepAlive,
    clientId,
    properties,
    ...(isBridge && { isBridge }),
  };
  if ((flags & WILL) !== 0) {
    connect.will = yield* readWill(cursor, flags, version, budget, context);
  }
  // In MQTT 3.1 the Remaining Length takes precedence over the flags: the strings may be missing.
  const mayBeMissing = version === 3;
  if ((flags & USER_NAME) !== 0 && !(mayBeMissing && isAtEnd(cursor))) {
    connect.username = cursor.string("user name");
  }
  if ((flags & PASSWORD) !== 0 && !(mayBeMissing && isAtEnd(cursor))) {
    connect.password = cursor.binary("password");
  }
  cursor.expectEnd();
  return connect;
}

function isAtEnd(cursor: Cursor): boolean {
  return cursor.position === cursor.end;
}

/** Reads protocol name and version. mosquitto's bridges set the highest bit of the version below 5.0. */
function readVersion(
  cursor: Cursor,
  context: DecodeContext,
): { version: ProtocolVersion; isBridge: boolean } {
  const start = cursor.skipBinary("protocol name");
  const name = String.fromCharCode(
    ...cursor.bytes.subarray(start, Math.min(cursor.position, start + 8)),
  );
  const byte = cursor.byte("protocol version");
  const isBridge = byte === (BRIDGE | 3) || byte === (BRIDGE | 4);
  const level = isBridge ? byte & ~BRIDGE : byte;
  // Whatever is wrong from here on is answered in this version, the nearest one that we speak.
  const version = level >= 5 && level < 0x80 ? 5 : level === 3 ? 3 : 4;
  context.version = version;
  if (
    level !== version || name !== (version === 3 ? "MQIsdp" : "MQTT")
  ) {
    throw new PacketError(
      ReasonCode.UnsupportedProtocolVersion,
      `Cannot accept CONNECT: protocol ${
        JSON.stringify(name)
      } with version ${level} is not supported [MQTT-3.1.2-1, MQTT-3.1.2-2]`,
    );
  }
  if (version !== 3 && context.hasConnectHeaderFlags) {
    throw cursor.malformed("flags are set in the first byte [MQTT-2.1.3-1]");
  }
  if (version === 5 && context.hasPaddedLength) {
    throw cursor.malformed(
      "remaining length has more bytes than it needs [MQTT-1.5.5-1]",
    );
  }
  return { version, isBridge };
}

function checkFlags(
  cursor: Cursor,
  flags: number,
  version: ProtocolVersion,
): void {
  const will = (flags & WILL) !== 0;
  if (will && willQoS(flags) > 2) {
    throw cursor.malformed("will QoS is 3 [MQTT-3.1.2-12]");
  }
  if ((flags & PASSWORD) !== 0 && (flags & USER_NAME) === 0 && version < 5) {
    throw cursor.malformed("there is a password but no user name");
  }
  // In MQTT 3.1 the bits below are not used, or disregarded without the will flag.
  if (version === 3) return;
  if ((flags & RESERVED) !== 0) {
    throw cursor.malformed("the reserved connect flag is set [MQTT-3.1.2-3]");
  }
  if (!will && willQoS(flags) !== 0) {
    throw cursor.malformed("there is a will QoS but no will [MQTT-3.1.2-11]");
  }
  if (!will && (flags & WILL_RETAIN) !== 0) {
    throw cursor.malformed("will retain is set without a will [MQTT-3.1.2-13]");
  }
}

function willQoS(flags: number): number {
  return flags >> 3 & 3;
}

function checkClientId(
  cursor: Cursor,
  clientId: string,
  version: ProtocolVersion,
  cleanStart: boolean,
): void {
  let problem: string;
  if (clientId === "" && version === 3) {
    problem = "client identifier is empty";
  } else if (clientId === "" && version === 4 && !cleanStart) {
    problem = "client identifier is empty and clean session is not set";
  } else return;
  throw new PacketError(
    ReasonCode.ClientIdentifierNotValid,
    cursor.protocolError(problem).message,
  );
}

function* readWill(
  cursor: Cursor,
  flags: number,
  version: ProtocolVersion,
  budget: Budget,
  context: DecodeContext,
): Steps<Will> {
  let properties: Properties = {};
  let rawProperties: Uint8Array = new Uint8Array(0);
  if (version === 5) {
    const reader = new PropertyReader();
    properties = yield* readProperties(
      cursor,
      WILL_PROPERTIES,
      budget,
      context.maximumUserProperties,
      reader,
    );
    rawProperties = copyWithout(
      cursor.bytes,
      reader.start,
      cursor.position,
      reader.cuts,
    );
  }
  const topicStart = cursor.position + 2;
  const topic = cursor.string("will topic");
  checkWillTopic(cursor, topic, cursor.position - topicStart, context);
  return {
    topic,
    payload: cursor.binary("will payload"),
    qos: willQoS(flags) as QoS,
    retain: (flags & WILL_RETAIN) !== 0,
    properties,
    rawProperties,
  };
}

function checkWillTopic(
  cursor: Cursor,
  topic: string,
  length: number,
  context: DecodeContext,
): void {
  if (topic === "") {
    throw cursor.protocolError("will topic is empty [MQTT-4.7.3-1]");
  }
  const problem = /[+#]/.test(topic)
    ? "has a wildcard [MQTT-4.7.0-1]"
    : length > context.maximumTopicLength
    ? `has ${length} bytes, more than the ${context.maximumTopicLength} allowed`
    : undefined;
  if (problem === undefined) return;
  throw new PacketError(
    ReasonCode.TopicNameInvalid,
    cursor.protocolError(`will topic ${problem}`).message,
  );
}
