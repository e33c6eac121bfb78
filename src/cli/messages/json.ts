import type { Properties } from "../../codec/properties.ts";
import type { PublishContents } from "../../codec/decode/publish_contents.ts";
import { indentJson, minifyJson } from "./indent_json.ts";
import { payloadText } from "./payload_text.ts";
import { microseconds, strftime } from "./strftime.ts";

/** How a message is made JSON. */
export interface JsonForm {
  /** Whether lines are broken and indented. */
  readonly isPretty: boolean;
  /** Whether the payload, which must be JSON, stands there as it is instead of as a text. */
  readonly isNested: boolean;
}

/** A message with all that belongs to it, by the names of `mosquitto_sub`; `undefined` if its payload is not JSON. */
export function messageJson(
  message: PublishContents,
  arrival: number,
  { isPretty, isNested }: JsonForm,
): string | undefined {
  const { topic, qos, retain, packetId, payload, properties } = message;
  const members: Record<string, unknown> = {
    tst: timestamp(arrival),
    topic,
    qos,
    retain: Number(retain),
    payloadlen: payload.length,
    ...(qos > 0 && { mid: packetId }),
    ...(Object.keys(properties).length > 0 &&
      { properties: named(properties) }),
  };
  const text = payloadText(payload);
  const value = payload.length === 0
    ? "null"
    : !isNested
    ? JSON.stringify(text ?? [...payload])
    : minifyJson(text ?? "");
  if (value === undefined) return undefined;
  const all = `${JSON.stringify(members).slice(0, -1)},"payload":${value}}`;
  return isPretty ? indentJson(all)! : all;
}

function timestamp(arrival: number): string {
  const time = new Date(arrival);
  const [date, clock, zone] = ["F", "T", "z"].map((one) => strftime(one, time));
  return `${date}T${clock}.${microseconds(arrival)}Z${zone}`;
}

function named(properties: Properties): Record<string, unknown> {
  const {
    payloadFormatIndicator,
    messageExpiryInterval,
    contentType,
    responseTopic,
    correlationData,
    subscriptionIdentifiers,
    topicAlias,
    userProperties,
  } = properties;
  return {
    "message-expiry-interval": messageExpiryInterval,
    "subscription-identifier": subscriptionIdentifiers?.[0],
    "payload-format-indicator": payloadFormatIndicator,
    "content-type": contentType,
    "response-topic": responseTopic,
    "correlation-data": correlationData &&
      new TextDecoder().decode(correlationData),
    "topic-alias": topicAlias,
    "user-properties": userProperties && Object.fromEntries(userProperties),
  };
}
