import { PacketType } from "../../codec/packet.ts";
import { decodeProperties } from "../../codec/decode/property_blocks.ts";
import { describeError } from "../../core/errors.ts";
import { isSharedGroup } from "../store.ts";

/** What later folders know of names. */
export interface NameRules {
  /** Whether a message may have this topic. */
  readonly isTopicName: (topic: string) => boolean;
  /** Whether a client may subscribe to this, as `$share/group/filter` too. */
  readonly isTopicFilter: (filter: string) => boolean;
}

/** The longest finite time in seconds. */
export const MOST_SECONDS = 0xFFFF_FFFF;
/** The greatest subscription identifier. */
export const MOST_IDENTIFIER = 268_435_455;
const MOST_TEXT = 65_535;
const MOST_PAYLOAD = 268_435_455;

/** Properties that a stored message does not have. */
const OF_ONE_HOP = [
  "topicAlias",
  "messageExpiryInterval",
  "subscriptionIdentifiers",
];

const encoder = new TextEncoder();

/**
 * The fields of a JSON object from outside, each of which is asked for once. Each method throws an error that says what
 * is wrong with the field: lower case, no full stop.
 */
export class Fields {
  readonly #rest: Map<string, unknown>;
  readonly #rules: NameRules;

  /** Requires that it is an object. */
  constructor(value: unknown, rules: NameRules) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Error("it is not a JSON object");
    }
    this.#rest = new Map(Object.entries(value));
    this.#rules = rules;
  }

  /** Requires that nothing else is there. */
  end(): void {
    for (const name of this.#rest.keys()) {
      throw new Error(`there is no field ${JSON.stringify(name)}`);
    }
  }

  /** All fields that are left, as they are. */
  all(): unknown {
    const all = Object.fromEntries(this.#rest);
    this.#rest.clear();
    return all;
  }

  /** What `read` makes of a field that may be left out. */
  optional<T>(name: string, read: () => T): T | undefined {
    return this.#rest.has(name) ? read() : undefined;
  }

  /** Whether this field is a number. */
  isNumber(name: string): boolean {
    return typeof this.#rest.get(name) === "number";
  }

  /** An object. */
  object(name: string): Fields {
    return new Fields(
      this.#take(name, "an object", (value) => typeof value === "object"),
      this.#rules,
    );
  }

  /** Any text. */
  text(name: string): string {
    return this.#take(
      name,
      "a text",
      (value) => typeof value === "string",
    ) as string;
  }

  /** A text that MQTT can carry [MQTT-1.5.4-1, -2]. */
  string(name: string): string {
    return this.#take(name, "a text without NUL, at most 65,535 bytes", (
      value,
    ) =>
      typeof value === "string" && value.isWellFormed() &&
      !value.includes("\0") &&
      encoder.encode(value).length <= MOST_TEXT) as string;
  }

  /** A client identifier. */
  clientId(name: string): string {
    return this.#named(name, "a client identifier", (id) => !isSharedGroup(id));
  }

  /** A client identifier, or the name of a shared group. */
  owner(name: string): string {
    return this.#named(
      name,
      "a client identifier or $share/group/filter",
      (owner) => !isSharedGroup(owner) || this.#rules.isTopicFilter(owner),
    );
  }

  /** The topic of a message. */
  topic(name: string): string {
    return this.#named(name, "a topic name", this.#rules.isTopicName);
  }

  /** The filter of a subscription. */
  filter(name: string): string {
    return this.#named(name, "a topic filter", this.#rules.isTopicFilter);
  }

  /** A truth value. */
  flag(name: string): boolean {
    return this.#take(
      name,
      "true or false",
      (value) => typeof value === "boolean",
    ) as boolean;
  }

  /** A whole number. */
  integer(name: string, least: number, most: number): number {
    return this.#take(
      name,
      `a whole number from ${least} to ${most}`,
      (value) =>
        Number.isSafeInteger(value) && Number(value) >= least &&
        Number(value) <= most,
    ) as number;
  }

  /** A packet identifier. */
  packetId(name: string): number {
    return this.integer(name, 1, 0xFFFF);
  }

  /** Seconds, `null` for ever. */
  seconds(name: string): number | null {
    if (this.#rest.get(name) !== null) {
      return this.integer(name, 0, MOST_SECONDS);
    }
    this.#rest.delete(name);
    return null;
  }

  /** Milliseconds since the epoch. */
  time(name: string): number {
    return this.#take(
      name,
      "a time in milliseconds",
      (value) => typeof value === "number",
    ) as number;
  }

  /** Subscription identifiers. */
  identifiers(name: string): number[] {
    return this.#take(
      name,
      "a list of subscription identifiers",
      (value) =>
        Array.isArray(value) &&
        value.every((one) =>
          Number.isSafeInteger(one) && one > 0 && one <= MOST_IDENTIFIER
        ),
    ) as number[];
  }

  /** Encoded properties, in base64, that a PUBLISH may pass on. */
  properties(name: string): string {
    const text = this.text(name);
    const bytes = base64(name, text);
    try {
      const { length } = bytes;
      const found = decodeProperties(bytes, 0, length, PacketType.Publish);
      for (const own of OF_ONE_HOP) {
        if (own in found) throw new Error(`${own} is not passed on`);
      }
    } catch (error) {
      throw new Error(
        `${JSON.stringify(name)} is no block of MQTT 5 properties: ${
          describeError(error)
        }`,
      );
    }
    return text;
  }

  /** A payload, in the field that fits it. */
  payload(): { payload: string } | { payloadBase64: string } {
    if (this.#rest.has("payload")) {
      const payload = this.#take(
        "payload",
        "a text",
        (value) => typeof value === "string" && value.isWellFormed(),
      ) as string;
      return { payload };
    }
    const payloadBase64 = this.text("payloadBase64");
    if (base64("payloadBase64", payloadBase64).length > MOST_PAYLOAD) {
      throw new Error("the payload is longer than MQTT allows");
    }
    return { payloadBase64 };
  }

  #named(
    name: string,
    what: string,
    isValid: (text: string) => boolean,
  ): string {
    const text = this.string(name);
    if (text !== "" && isValid(text)) return text;
    throw wrong(name, what, text);
  }

  #take(
    name: string,
    what: string,
    isValid: (value: unknown) => boolean,
  ): unknown {
    const value = this.#rest.get(name);
    if (value === undefined) {
      throw new Error(`there is no ${JSON.stringify(name)}`);
    }
    if (!isValid(value)) throw wrong(name, what, value);
    this.#rest.delete(name);
    return value;
  }
}

function wrong(name: string, what: string, value: unknown): Error {
  const text = JSON.stringify(value);
  const short = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return new Error(`${JSON.stringify(name)} must be ${what}, not ${short}`);
}

function base64(name: string, text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    throw new Error(`${JSON.stringify(name)} is not base64`);
  }
}
