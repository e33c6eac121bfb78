import type { EncodablePacket } from "../encode/encode.ts";
import type { ProtocolVersion } from "../packet.ts";
import type { ReasonCode } from "../reason_code.ts";
import {
  variableByteIntegerSize,
  writeVariableByteInteger,
} from "../variable_byte_integer.ts";

/** One line of the table of packet vectors: bytes, and what they mean or why they are refused. */
export interface PacketVector {
  /** What is shown, with its clauses. */
  readonly name: string;
  /** The version that the connection speaks (or, for a CONNECT, asks for). */
  readonly version: ProtocolVersion;
  /** Who sends it. */
  readonly sender: "client" | "server";
  /** Whether it is the first packet of its connection, or comes after CONNECT (and CONNACK). */
  readonly first: boolean;
  /** The bytes on the wire. */
  readonly bytes: Uint8Array;
  /** What they mean; undefined when they are refused. */
  readonly packet: EncodablePacket | undefined;
  /** With which reason code they are refused; undefined when they are fine. */
  readonly reason: ReasonCode | undefined;
  /** Whether the packet is also encoded to just these bytes. */
  readonly canonical: boolean;
}

/**
 * Bytes from a notation that is easy to read: hexadecimal digits; `'text'` for a string with its two-byte
 * length; `"text"` for the text alone; `{ }` around what a Variable Byte Integer length is put in front
 * of; `[ ]` around what a two-byte length is put in front of.
 */
export function wire(notation: string): Uint8Array {
  const tokens =
    notation.match(/'[^']*'|"[^"]*"|[{}[\]]|(?:[0-9a-f]{2})+|[^\s]/gi) ?? [];
  return new Uint8Array(parse(tokens[Symbol.iterator](), undefined));
}

const encoder = new TextEncoder();

function parse(
  tokens: Iterator<string>,
  closing: string | undefined,
): number[] {
  const bytes: number[] = [];
  for (;;) {
    const { value: token, done } = tokens.next();
    if (done === true || token === closing) return bytes;
    if (token === "{") bytes.push(...variableLength(parse(tokens, "}")));
    else if (token === "[") bytes.push(...twoByteLength(parse(tokens, "]")));
    else if (token.startsWith('"')) {
      bytes.push(...encoder.encode(token.slice(1, -1)));
    } else if (token.startsWith("'")) {
      bytes.push(...twoByteLength([...encoder.encode(token.slice(1, -1))]));
    } else if (/^[0-9a-f]+$/i.test(token)) {
      bytes.push(...token.match(/../g)!.map((pair) => parseInt(pair, 16)));
    } else throw new SyntaxError(`Cannot read notation: ${token}`);
  }
}

function variableLength(contents: number[]): number[] {
  const length = new Uint8Array(variableByteIntegerSize(contents.length));
  writeVariableByteInteger(length, 0, contents.length);
  return [...length, ...contents];
}

function twoByteLength(contents: number[]): number[] {
  return [contents.length >> 8, contents.length & 0xFF, ...contents];
}

/** Who sends a packet, and when. */
export type Occasion = "first" | "client" | "server";

function row(
  name: string,
  version: ProtocolVersion,
  occasion: Occasion,
  notation: string,
): Omit<PacketVector, "packet" | "reason" | "canonical"> {
  return {
    name: `${["3.1", "3.1.1", "5.0"][version - 3]} ${name}`,
    version,
    sender: occasion === "server" ? "server" : "client",
    first: occasion === "first",
    bytes: wire(notation),
  };
}

/** Vectors of a packet that decodes and encodes, in each of `versions`. */
export function valid(
  versions: readonly ProtocolVersion[],
  occasion: Occasion,
  name: string,
  notation: string,
  packet: EncodablePacket,
): PacketVector[] {
  return versions.map((version) => ({
    ...row(name, version, occasion, notation),
    packet,
    reason: undefined,
    canonical: true,
  }));
}

/** Vectors of a packet that decodes, but has a shorter form in which it is encoded. */
export function tolerated(
  versions: readonly ProtocolVersion[],
  occasion: Occasion,
  name: string,
  notation: string,
  packet: EncodablePacket,
): PacketVector[] {
  return valid(versions, occasion, name, notation, packet)
    .map((vector) => ({ ...vector, canonical: false }));
}

/** Vectors of a packet that is refused, in each of `versions`. */
export function refused(
  versions: readonly ProtocolVersion[],
  occasion: Occasion,
  reason: ReasonCode,
  name: string,
  notation: string,
): PacketVector[] {
  return versions.map((version) => ({
    ...row(name, version, occasion, notation),
    packet: undefined,
    reason,
    canonical: false,
  }));
}
