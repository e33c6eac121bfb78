import { ByteWriter } from "./byte_writer.ts";
import type { Properties } from "../properties.ts";
import {
  PROPERTIES,
  type PropertyDefinition,
  PropertyKind,
} from "../property_table.ts";

/** Encodes properties, without their length, in the order of their identifiers. */
export function encodeProperties(properties: Properties): Uint8Array {
  const writer = new ByteWriter();
  for (const property of PROPERTIES) {
    const value = properties[property.name];
    if (value === undefined) continue;
    // The two that may occur more than once are lists.
    if (
      property.name === "userProperties" ||
      property.name === "subscriptionIdentifiers"
    ) {
      for (const item of value as readonly unknown[]) {
        writeProperty(writer, property, item);
      }
    } else writeProperty(writer, property, value);
  }
  return writer.written;
}

/** Appends properties with their length. */
export function writeProperties(
  writer: ByteWriter,
  properties: Properties,
): void {
  const encoded = encodeProperties(properties);
  writer.variableByteInteger(encoded.length);
  writer.append(encoded);
}

function writeProperty(
  writer: ByteWriter,
  property: PropertyDefinition,
  value: unknown,
): void {
  writer.byte(property.id);
  switch (property.kind) {
    case PropertyKind.Byte:
      return writer.byte(Number(value));
    case PropertyKind.TwoByteInteger:
      return writer.twoByteInteger(value as number);
    case PropertyKind.FourByteInteger:
      return writer.fourByteInteger(value as number);
    case PropertyKind.VariableByteInteger:
      return writer.variableByteInteger(value as number);
    case PropertyKind.Utf8String:
      return writer.string(value as string);
    case PropertyKind.BinaryData:
      return writer.binary(value as Uint8Array);
    case PropertyKind.Utf8StringPair: {
      const [name, content] = value as [string, string];
      writer.string(name);
      return writer.string(content);
    }
  }
}
