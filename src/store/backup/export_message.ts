import { findInvalidUtf8 } from "../../codec/utf8.ts";
import type { Message } from "../message.ts";

/** A message in a line of an export. */
export interface MessageObject {
  /** Its number among those that several deliveries share, from 1 on; left out for the others. */
  readonly id?: number;
  /** The Topic Name. */
  readonly topic: string;
  /** The QoS as published. */
  readonly qos: number;
  /** The RETAIN flag as published. */
  readonly retain: boolean;
  /** Client identifier of who published it. */
  readonly publisher: string;
  /** Milliseconds of the broker's clock when it expires; left out for never. */
  readonly expiresAt?: number;
  /** The encoded MQTT 5 properties in base64; left out where there are none. */
  readonly properties?: string;
  /** The payload, where it is text. */
  readonly payload?: string;
  /** The payload in base64, where it is not. */
  readonly payloadBase64?: string;
}

/** Longer payloads are in base64 whatever they are: escapes could make a text of them too long for one string. */
const LONGEST_TEXT = 16 * 1024 * 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A message as an object for JSON. */
export function exportMessage(message: Message): MessageObject {
  const { topic, qos, retain, publisher, expiresAt, properties, payload } =
    message;
  const isText = payload.length <= LONGEST_TEXT &&
    findInvalidUtf8(payload, 0, payload.length) === -1;
  return {
    topic: topic.text,
    qos,
    retain,
    publisher,
    ...expiresAt === Infinity ? {} : { expiresAt },
    ...properties.length === 0 ? {} : { properties: properties.toBase64() },
    ...isText
      ? { payload: decoder.decode(payload) }
      : { payloadBase64: payload.toBase64() },
  };
}
