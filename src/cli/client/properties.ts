import { packetName, PacketType } from "../../codec/packet.ts";
import type { Properties } from "../../codec/properties.ts";
import {
  PROPERTIES,
  type PropertyDefinition,
  PropertyKind,
  type PropertyOwner,
  PropertyRule,
  WILL_PROPERTIES,
} from "../../codec/property_table.ts";
import { isValidTopicName } from "../../router/topics/filter.ts";
import { nearest } from "../../core/nearest.ts";
import { usageError } from "../../terminal/flags.ts";

/** The packets to which a user can give properties, as they are named behind `-D`. */
export type GivenPacket =
  | "connect"
  | "publish"
  | "subscribe"
  | "unsubscribe"
  | "disconnect"
  | "will";

/** Whose properties they are to the codec. */
const OWNERS = {
  connect: PacketType.Connect,
  publish: PacketType.Publish,
  subscribe: PacketType.Subscribe,
  unsubscribe: PacketType.Unsubscribe,
  disconnect: PacketType.Disconnect,
  will: WILL_PROPERTIES,
} as const satisfies Readonly<Record<GivenPacket, unknown>>;

/** The properties of each packet. */
export type GivenProperties = Readonly<Record<GivenPacket, Properties>>;

/** The largest value of each kind of number. */
const LARGEST: Readonly<Partial<Record<PropertyKind, number>>> = {
  [PropertyKind.Byte]: 255,
  [PropertyKind.TwoByteInteger]: 65_535,
  [PropertyKind.FourByteInteger]: 0xFFFF_FFFF,
  [PropertyKind.VariableByteInteger]: 268_435_455,
};

/**
 * Reads what stood behind all `-D`: packet, property and value, or with `user-property` name and value.
 *
 * @throws {StartError} For the first thing that is wrong.
 */
export function readProperties(words: readonly string[]): GivenProperties {
  const given: Record<GivenPacket, Properties> = {
    connect: {},
    publish: {},
    subscribe: {},
    unsubscribe: {},
    disconnect: {},
    will: {},
  };
  for (let at = 0; at < words.length;) {
    const packet = words[at]!;
    if (!isOwner(packet)) {
      throw usageError(
        `Flag -D cannot be for ${JSON.stringify(packet)}: it is for ${
          Object.keys(OWNERS).join(", ")
        }`,
      );
    }
    const definition = find(words[at + 1]!, OWNERS[packet]);
    const properties = given[packet];
    if (definition.name === "userProperties") {
      (properties.userProperties ??= []).push([words[at + 2]!, words[at + 3]!]);
      at += 4;
    } else {
      if (properties[definition.name] !== undefined) {
        throw usageError(
          `Flag -D gives ${nameOf(definition)} twice to ${packet}`,
        );
      }
      Object.assign(properties, {
        [definition.name]: parse(definition, words[at + 2]!),
      });
      at += 3;
    }
  }
  return given;
}

function isOwner(word: string): word is GivenPacket {
  return Object.hasOwn(OWNERS, word);
}

/** A property as it is named on the command line: `content-type`. */
function nameOf({ name }: PropertyDefinition): string {
  if (name === "userProperties") return "user-property";
  if (name === "subscriptionIdentifiers") return "subscription-identifier";
  return name.replace("QoS", "Qos").replaceAll(
    /[A-Z]/g,
    (letter) => `-${letter.toLowerCase()}`,
  );
}

function find(word: string, owner: PropertyOwner): PropertyDefinition {
  const fitting = PROPERTIES.filter((one) =>
    (one.owners & 1 << owner) !== 0 &&
    !(one.name === "subscriptionIdentifiers" && owner === PacketType.Publish)
  );
  const found = fitting.find((one) => nameOf(one) === word);
  if (found !== undefined) return found;
  const names = fitting.map(nameOf);
  const guess = nearest(word, names);
  const title = owner === WILL_PROPERTIES ? "the will" : packetName(owner);
  throw usageError(
    `Flag -D cannot give ${JSON.stringify(word)} to ${title}: ${
      guess === undefined
        ? `it has ${names.join(", ")}`
        : `did you mean ${guess}?`
    }`,
  );
}

function parse(definition: PropertyDefinition, text: string): unknown {
  const { kind, rule } = definition;
  if (kind === PropertyKind.Utf8String) {
    if (rule === PropertyRule.TopicName && !isValidTopicName(text)) {
      throw bad(definition, text, "a topic without + and #, and not empty");
    }
    return text;
  }
  if (kind === PropertyKind.BinaryData) return new TextEncoder().encode(text);
  const isFlag = rule === PropertyRule.Boolean ||
    rule === PropertyRule.ZeroOrOne;
  const least = rule === PropertyRule.NonZero ? 1 : 0;
  const most = isFlag ? 1 : LARGEST[kind]!;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(number >= least && number <= most)) {
    throw bad(definition, text, `a whole number from ${least} to ${most}`);
  }
  if (definition.name === "subscriptionIdentifiers") return [number];
  return rule === PropertyRule.Boolean ? number === 1 : number;
}

function bad(definition: PropertyDefinition, text: string, allowed: string) {
  return usageError(
    `Property ${nameOf(definition)} cannot be ${
      JSON.stringify(text)
    }: it takes ${allowed}`,
  );
}
