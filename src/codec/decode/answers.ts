/** The packets with a reason code: CONNACK, the acknowledgements, SUBACK, UNSUBACK, DISCONNECT, AUTH. */
import type { Budget } from "./budget.ts";
import type { Cursor } from "./cursor.ts";
import type { DecodeContext, Steps } from "./context.ts";
import {
  Acknowledgement,
  type AcknowledgementType,
  type Auth,
  type Connack,
  type Disconnect,
  PacketType,
  type Suback,
  type Unsuback,
} from "../packet.ts";
import { readOwnProperties, readPacketId } from "./packet_parts.ts";
import { ReasonCode, reasonOfReturnCode } from "../reason_code.ts";
import { isReasonAllowed } from "../reason_table.ts";

/** Reads the body of CONNACK (section 3.2). */
export function* readConnack(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Connack> {
  const flags = cursor.byte("connect acknowledge flags");
  // The byte is not used in MQTT 3.1.
  if (context.version !== 3 && flags > 1) {
    throw cursor.malformed("reserved acknowledge flags are set [MQTT-3.2.2-1]");
  }
  const sessionPresent = context.version !== 3 && flags === 1;
  let reasonCode: ReasonCode;
  if (context.version === 5) {
    reasonCode = readReasonCode(cursor, context);
  } else {
    const returnCode = cursor.byte("return code");
    const reason = reasonOfReturnCode(returnCode);
    if (reason === undefined) {
      throw cursor.malformed(`return code ${returnCode} is reserved`);
    }
    reasonCode = reason;
  }
  if (sessionPresent && reasonCode !== ReasonCode.Success) {
    throw cursor.protocolError(
      "session present is set in a refusal [MQTT-3.2.2-6]",
    );
  }
  const properties = yield* readOwnProperties(cursor, budget, context);
  cursor.expectEnd();
  return { type: PacketType.Connack, sessionPresent, reasonCode, properties };
}

/** Reads the body of PUBACK, PUBREC, PUBREL or PUBCOMP (sections 3.4 to 3.7). */
export function* readAcknowledgement(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Acknowledgement> {
  const type = cursor.packetType as AcknowledgementType;
  const packetId = readPacketId(cursor);
  let reasonCode: ReasonCode = ReasonCode.Success;
  let properties;
  if (context.version === 5 && cursor.position < cursor.end) {
    reasonCode = readReasonCode(cursor, context);
    if (cursor.position < cursor.end) {
      properties = yield* readOwnProperties(cursor, budget, context);
    }
  }
  cursor.expectEnd();
  return new Acknowledgement(type, packetId, reasonCode, properties);
}

/** Reads the body of SUBACK or UNSUBACK (sections 3.9 and 3.11). */
export function* readSubscriptionAnswer(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Suback | Unsuback> {
  const type = cursor.packetType as
    | typeof PacketType.Suback
    | typeof PacketType.Unsuback;
  const packetId = readPacketId(cursor);
  const properties = yield* readOwnProperties(cursor, budget, context);
  const reasonCodes: ReasonCode[] = [];
  if (type === PacketType.Unsuback && context.version !== 5) {
    cursor.expectEnd();
  } else if (cursor.position === cursor.end) {
    throw cursor.protocolError("there is no reason code");
  }
  while (cursor.position < cursor.end) {
    while (budget.left <= 0) yield;
    reasonCodes.push(readListedCode(cursor, context));
    budget.spend(1);
  }
  return { type, packetId, reasonCodes, properties };
}

function readListedCode(cursor: Cursor, context: DecodeContext): ReasonCode {
  if (context.version === 5) return readReasonCode(cursor, context);
  const code = cursor.byte("return code");
  if (code > 2 && code !== ReasonCode.UnspecifiedError) {
    throw cursor.malformed(`return code ${code} is reserved`);
  }
  return code as ReasonCode;
}

/** Reads the body of DISCONNECT (section 3.14). */
export function* readDisconnect(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Disconnect> {
  let reasonCode: ReasonCode = ReasonCode.NormalDisconnection;
  let properties = {};
  if (context.version === 5 && cursor.position < cursor.end) {
    reasonCode = readReasonCode(cursor, context);
    if (cursor.position < cursor.end) {
      const read = yield* readOwnProperties(cursor, budget, context);
      if (
        context.role === "client" && read.sessionExpiryInterval !== undefined
      ) {
        throw cursor.protocolError(
          "the server sent a session expiry interval [MQTT-3.14.2-2]",
        );
      }
      properties = read;
    }
  }
  cursor.expectEnd();
  return { type: PacketType.Disconnect, reasonCode, properties };
}

/** Reads the body of AUTH (section 3.15). */
export function* readAuth(
  cursor: Cursor,
  budget: Budget,
  context: DecodeContext,
): Steps<Auth> {
  if (cursor.position === cursor.end) {
    checkReasonCode(cursor, ReasonCode.Success, context);
    return {
      type: PacketType.Auth,
      reasonCode: ReasonCode.Success,
      properties: {},
    };
  }
  const reasonCode = readReasonCode(cursor, context);
  const properties = yield* readOwnProperties(cursor, budget, context);
  if (properties.authenticationMethod === undefined) {
    throw cursor.protocolError("there is no authentication method");
  }
  cursor.expectEnd();
  return { type: PacketType.Auth, reasonCode, properties };
}

function readReasonCode(cursor: Cursor, context: DecodeContext): ReasonCode {
  return checkReasonCode(cursor, cursor.byte("reason code"), context);
}

function checkReasonCode(
  cursor: Cursor,
  code: number,
  context: DecodeContext,
): ReasonCode {
  if (isReasonAllowed(cursor.packetType, code, context.role)) return code;
  throw cursor.protocolError(
    `reason code 0x${
      code.toString(16).padStart(2, "0")
    } is not for this packet`,
  );
}
