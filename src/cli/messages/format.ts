import type { Properties } from "../../codec/properties.ts";
import type { PublishContents } from "../../codec/decode/publish_contents.ts";
import type { ByteBuffer } from "../../core/byte_buffer.ts";
import { messageJson } from "./json.ts";
import type { StartError } from "../../core/errors.ts";
import { usageError } from "../../terminal/flags.ts";
import { microseconds, strftime } from "./strftime.ts";

/** When a message came: milliseconds since 1970, with parts of them. */
export type Arrival = number;

/** Writes a message. Returns what is wrong with it, if it cannot be written so. */
export type MessageWriter = (
  out: ByteBuffer,
  message: PublishContents,
  arrival: Arrival,
) => string | undefined;

/** How a value fills its place. */
interface Place {
  readonly isLeft: boolean;
  readonly pad: string;
  /** 0 for none. */
  readonly width: number;
  /** How much of a text is shown; `undefined` for all. */
  readonly precision: number | undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\",
  a: "\x07",
  e: "\x1b",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

const PIECE = /%(-?)(0?)(\d*)(?:\.(\d*))?(.)|@(.)|\\(.)|[^%@\\]+|[%@\\]$/gsu;

const encoder = new TextEncoder();

/**
 * Makes the writer of a format as `mosquitto_sub -F` has it: `%` and a letter for parts of the message, `@` and a letter
 * for parts of the time, `\` and a letter for characters that cannot be typed.
 *
 * @throws {StartError} For a letter that means nothing.
 */
export function compileFormat(
  format: string,
  isPretty: boolean,
): MessageWriter {
  const writers: MessageWriter[] = [];
  for (
    const [all, minus, zero, width, precision, letter, time, escape] of format
      .matchAll(PIECE)
  ) {
    if (letter !== undefined) {
      writers.push(part(letter, {
        isLeft: minus === "-",
        pad: zero === "0" ? "0" : " ",
        width: Number(width),
        precision: precision === undefined ? undefined : Number(precision),
      }, isPretty));
    } else if (time !== undefined) writers.push(timePart(time));
    else if (escape !== undefined) {
      const character = ESCAPES[escape];
      if (character === undefined) throw unknown(all);
      writers.push(text(character));
    } else if (/^[%@\\]$/.test(all)) throw unknown(all);
    else writers.push(text(all));
  }
  return (out, message, arrival) => {
    const { length } = out;
    for (const write of writers) {
      const fault = write(out, message, arrival);
      if (fault === undefined) continue;
      out.length = length;
      return fault;
    }
    return undefined;
  };
}

function unknown(sequence: string): StartError {
  return usageError(
    `Flag -F has no ${sequence}: write %%, @@ or \\\\ for the sign itself; --help lists all sequences`,
  );
}

function text(characters: string): MessageWriter {
  const bytes = encoder.encode(characters);
  return (out) => void out.append(bytes);
}

/** A part that is a text, made of the message. */
function textPart(
  make: (message: PublishContents, arrival: Arrival) => string,
): MessageWriter {
  return (out, message, arrival) =>
    void out.append(encoder.encode(make(message, arrival)));
}

function timePart(letter: string): MessageWriter {
  if (letter === "@") return text("@");
  if (letter === "N") return textPart((_, arrival) => nanoseconds(arrival));
  if (strftime(letter, new Date()) === undefined) throw unknown(`@${letter}`);
  return textPart((_, arrival) => strftime(letter, new Date(arrival))!);
}

function part(
  letter: string,
  place: Place,
  isPretty: boolean,
): MessageWriter {
  const number = (
    of: (message: PublishContents) => number | undefined,
  ): MessageWriter => textPart((message) => fillNumber(of(message), place));
  const property = (name: keyof Properties): MessageWriter =>
    number(({ properties }) => properties[name] as number | undefined);
  switch (letter) {
    case "%":
      return text("%");
    case "A":
      return property("topicAlias");
    case "C":
      return textPart(({ properties: { contentType = "" } }) =>
        fillText(contentType, place)
      );
    case "D":
      return (out, { properties: { correlationData } }) =>
        correlationData && out.append(correlationData) as undefined;
    case "E":
      return property("messageExpiryInterval");
    case "F":
      return property("payloadFormatIndicator");
    case "I":
      return textPart((_, arrival) => {
        const time = new Date(arrival);
        const letters = ["F", "T", "z"] as const;
        const [date, clock, zone] = letters.map((one) => strftime(one, time));
        return fillText(`${date}T${clock}${zone}`, place);
      });
    case "j":
    case "J":
      return (out, message, arrival) => {
        const json = messageJson(message, arrival, {
          isPretty,
          isNested: letter === "J",
        });
        if (json === undefined) return "its payload is not JSON";
        out.append(encoder.encode(json));
        return undefined;
      };
    case "l":
      return number(({ payload }) => payload.length);
    case "m":
      return number(({ packetId }) => packetId);
    case "P":
      return textPart(({ properties: { userProperties = [] } }) =>
        userProperties.map(([name, value]) => `${name}:${value}`).join(" ")
      );
    case "p":
      return (out, { payload }) => void fillBytes(out, payload, place);
    case "q":
      return textPart(({ qos }) => String(qos));
    case "R":
      return textPart(({ properties: { responseTopic } }) =>
        responseTopic === undefined ? "" : fillText(responseTopic, place)
      );
    case "r":
      return textPart(({ retain }) => String(Number(retain)));
    case "S":
      return number(({ properties }) =>
        properties.subscriptionIdentifiers?.[0]
      );
    case "t":
      return textPart(({ topic }) => fillText(topic, place));
    case "U":
      return textPart((_, arrival) =>
        `${Math.floor(arrival / 1000)}.${nanoseconds(arrival)}`
      );
    case "x":
      return textPart(({ payload }) => fillDigits(payload, place));
    case "X":
      return textPart(({ payload }) =>
        fillDigits(payload, place).toUpperCase()
      );
    default:
      throw unknown(`%${letter}`);
  }
}

/** The part of the second, as nine digits. */
function nanoseconds(arrival: Arrival): string {
  return `${microseconds(arrival)}000`;
}

function fillText(value: string, { isLeft, width, precision }: Place): string {
  const characters = [...value].slice(0, precision);
  const gap = " ".repeat(Math.max(0, width - characters.length));
  return isLeft ? characters.join("") + gap : gap + characters.join("");
}

function fillNumber(
  value: number | undefined,
  { isLeft, pad, width }: Place,
): string {
  if (value === undefined) return pad.repeat(width);
  const digits = String(value);
  return isLeft ? digits.padEnd(width) : digits.padStart(width, pad);
}

function fillDigits(payload: Uint8Array, place: Place): string {
  const { isLeft, pad, width } = place;
  const digits = (width > 0 ? payload.subarray(0, width >> 1) : payload)
    .toHex();
  return isLeft ? digits.padEnd(width) : digits.padStart(width, pad);
}

function fillBytes(
  out: ByteBuffer,
  payload: Uint8Array,
  { isLeft, pad, width }: Place,
): void {
  const shown = width > 0 ? payload.subarray(0, width) : payload;
  const gap = width - shown.length;
  if (!isLeft && gap > 0) out.append(encoder.encode(pad.repeat(gap)));
  out.append(shown);
  if (isLeft && gap > 0) out.append(encoder.encode(" ".repeat(gap)));
}
