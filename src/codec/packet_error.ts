import { ReasonCode } from "./reason_code.ts";

/**
 * What a peer sent is not MQTT: the only thing that decoding throws. The message is one sentence
 * that says what is wrong and where, fit for a log line and for a Reason String.
 */
export class PacketError extends Error {
  /** The reason code that the specification names for this fault: what to answer before closing. */
  readonly reasonCode: ReasonCode;

  /** A fault of the kind `reasonCode`, described by `message`. */
  constructor(reasonCode: ReasonCode, message: string) {
    super(message);
    this.name = "PacketError";
    this.reasonCode = reasonCode;
  }
}

/** An error for bytes that cannot be parsed (0x81, section 4.13). */
export function malformed(message: string): PacketError {
  return new PacketError(ReasonCode.MalformedPacket, message);
}

/** An error for bytes that were parsed but say what the protocol does not allow (0x82, section 4.13). */
export function protocolError(message: string): PacketError {
  return new PacketError(ReasonCode.ProtocolError, message);
}
