import type { Budget } from "./budget.ts";
import type { Cursor } from "./cursor.ts";
import type { Properties } from "../packet.ts";
import { PacketError } from "../packet_error.ts";
import {
  isRepeatable,
  PROPERTY_BY_ID,
  type PropertyDefinition,
  PropertyKind,
  type PropertyOwner,
  PropertyRule,
  WILL_PROPERTIES,
} from "../property_table.ts";
import { ReasonCode } from "../reason_code.ts";

const TOPIC_ALIAS = 0x23;
const MESSAGE_EXPIRY_INTERVAL = 0x02;
const SUBSCRIPTION_IDENTIFIER = 0x0B;

const NONE: number[] = [];

/**
 * Reads one block of properties (section 2.2.2), checks all that the specification says of them, and
 * either builds {@linkcode Properties} or only takes down what a PUBLISH is routed by. Resumable: a
 * block may hold millions of user properties.
 */
export class PropertyReader {
  /** The Topic Alias, or 0. */
  topicAlias = 0;
  /** The Message Expiry Interval in seconds, or -1. */
  messageExpiryInterval: number = -1;
  /** Whether there was a Subscription Identifier. */
  hasSubscriptionIdentifier = false;
  /** Where the properties start, after their length. */
  start = 0;
  /** Where properties that are not forwarded start and end, in pairs. */
  cuts: number[] = NONE;
  #cursor: Cursor | undefined;
  #outerEnd = 0;
  #owner: PropertyOwner = 0;
  #seen = 0;
  #into: Properties | undefined;
  #roomForUserProperties = 0;

  /**
   * Reads the length of the block at the cursor. What follows is put into `into`, where it is given,
   * with at most `maximumUserProperties` of the user properties.
   */
  begin(
    cursor: Cursor,
    owner: PropertyOwner,
    into?: Properties,
    maximumUserProperties: number = 0,
  ): void {
    const length = cursor.variableByteInteger("property length");
    const end = cursor.position + length;
    if (end > cursor.end) {
      throw cursor.malformed("property length reaches past the end");
    }
    this.enter(cursor, end, owner, into, maximumUserProperties);
  }

  /** Like {@linkcode begin}, where the length has been read: the block ends at `end`. */
  enter(
    cursor: Cursor,
    end: number,
    owner: PropertyOwner,
    into: Properties | undefined,
    maximumUserProperties: number,
  ): void {
    this.topicAlias = 0;
    this.messageExpiryInterval = -1;
    this.hasSubscriptionIdentifier = false;
    this.start = cursor.position;
    this.cuts = NONE;
    this.#cursor = cursor;
    this.#outerEnd = cursor.end;
    this.#owner = owner;
    this.#seen = 0;
    this.#into = into;
    this.#roomForUserProperties = maximumUserProperties;
    cursor.end = end;
  }

  /** Reads on within `budget`; true when the block is done and the cursor stands after it. */
  read(budget: Budget): boolean {
    const cursor = this.#cursor!;
    while (cursor.position < cursor.end) {
      if (budget.left <= 0) return false;
      const start = cursor.position;
      const property = this.#readIdentifier(cursor);
      this.#readValue(cursor, property);
      if (property.isTransient) this.#cut(start, cursor.position);
      budget.spend(cursor.position - start);
    }
    cursor.end = this.#outerEnd;
    return true;
  }

  #readIdentifier(cursor: Cursor): PropertyDefinition {
    const id = cursor.variableByteInteger("property identifier");
    const property = PROPERTY_BY_ID[id];
    if (
      property === undefined || (property.owners & (1 << this.#owner)) === 0
    ) {
      throw this.#misplaced(cursor, id);
    }
    if (
      (this.#seen & property.bit) !== 0 && !isRepeatable(property, this.#owner)
    ) {
      throw cursor.protocolError(`${property.title} occurs more than once`);
    }
    this.#seen |= property.bit;
    return property;
  }

  #readValue(cursor: Cursor, property: PropertyDefinition): void {
    switch (property.kind) {
      case PropertyKind.Byte:
        return this.#takeByte(property, cursor.byte(property.title));
      case PropertyKind.TwoByteInteger:
        return this.#takeInteger(
          property,
          cursor.twoByteInteger(property.title),
        );
      case PropertyKind.FourByteInteger:
        return this.#takeInteger(
          property,
          cursor.fourByteInteger(property.title),
        );
      case PropertyKind.VariableByteInteger:
        return this.#takeInteger(
          property,
          cursor.variableByteInteger(property.title),
        );
      case PropertyKind.Utf8String:
        return this.#readString(cursor, property);
      case PropertyKind.BinaryData:
        if (this.#into === undefined) cursor.skipBinary(property.title);
        else this.#set(property, cursor.binary(property.title));
        return;
      case PropertyKind.Utf8StringPair:
        return this.#readUserProperty(cursor);
    }
  }

  #takeByte(property: PropertyDefinition, value: number): void {
    if (value > 1) {
      throw this.#cursor!.protocolError(
        `${property.title} is ${value}, neither 0 nor 1`,
      );
    }
    this.#set(
      property,
      property.rule === PropertyRule.Boolean ? value === 1 : value,
    );
  }

  #takeInteger(property: PropertyDefinition, value: number): void {
    if (property.rule === PropertyRule.NonZero && value === 0) {
      const error = this.#cursor!.protocolError(`${property.title} is 0`);
      if (property.id !== TOPIC_ALIAS) throw error;
      throw new PacketError(ReasonCode.TopicAliasInvalid, error.message);
    }
    if (property.id === SUBSCRIPTION_IDENTIFIER) {
      this.hasSubscriptionIdentifier = true;
      if (this.#into !== undefined) {
        (this.#into.subscriptionIdentifiers ??= []).push(value);
      }
      return;
    }
    if (property.id === TOPIC_ALIAS) this.topicAlias = value;
    else if (property.id === MESSAGE_EXPIRY_INTERVAL) {
      this.messageExpiryInterval = value;
    }
    this.#set(property, value);
  }

  #readString(cursor: Cursor, property: PropertyDefinition): void {
    const start = cursor.position + 2;
    if (this.#into === undefined) cursor.skipString(property.title);
    else this.#set(property, cursor.string(property.title));
    if (property.rule !== PropertyRule.TopicName) return;
    if (start === cursor.position) {
      throw cursor.protocolError(`${property.title} is empty [MQTT-4.7.3-1]`);
    }
    for (let i = start; i < cursor.position; i++) {
      const byte = cursor.bytes[i];
      if (byte === 0x23 || byte === 0x2B) {
        throw cursor.protocolError(
          `${property.title} has a wildcard [MQTT-3.3.2-14]`,
        );
      }
    }
  }

  #readUserProperty(cursor: Cursor): void {
    const into = this.#into;
    if (into !== undefined && this.#roomForUserProperties > 0) {
      this.#roomForUserProperties--;
      const name = cursor.string("user property name");
      const value = cursor.string("user property value");
      (into.userProperties ??= []).push([name, value]);
      return;
    }
    cursor.skipString("user property name");
    cursor.skipString("user property value");
    if (into !== undefined) {
      into.extraUserProperties = (into.extraUserProperties ?? 0) + 1;
    }
  }

  #misplaced(cursor: Cursor, id: number): PacketError {
    const title = PROPERTY_BY_ID[id]?.title;
    if (title === undefined) {
      return cursor.malformed(
        `there is no property 0x${id.toString(16).padStart(2, "0")}`,
      );
    }
    const place = this.#owner === WILL_PROPERTIES ? "a will" : "this packet";
    return cursor.malformed(`${title} is not a property of ${place}`);
  }

  #cut(start: number, end: number): void {
    if (this.cuts.length === 0) this.cuts = [start, end];
    else if (this.cuts.at(-1) === start) this.cuts[this.cuts.length - 1] = end;
    else this.cuts.push(start, end);
  }

  #set(property: PropertyDefinition, value: unknown): void {
    if (this.#into === undefined) return;
    (this.#into as Record<string, unknown>)[property.name] = value;
  }
}

/** Reads a block of properties at the cursor with `reader`, in as many steps as the budget needs. */
export function* readProperties(
  cursor: Cursor,
  owner: PropertyOwner,
  budget: Budget,
  maximumUserProperties: number,
  reader: PropertyReader = new PropertyReader(),
): Generator<undefined, Properties, undefined> {
  const properties: Properties = {};
  reader.begin(cursor, owner, properties, maximumUserProperties);
  while (!reader.read(budget)) yield;
  if (
    properties.authenticationData !== undefined &&
    properties.authenticationMethod === undefined
  ) {
    throw cursor.protocolError("authentication data without a method");
  }
  return properties;
}
