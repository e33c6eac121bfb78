import type { ProtocolVersion } from "../packet.ts";

/** What the decoding of a packet's body depends on beside its bytes. */
export interface DecodeContext {
  /** The version that the connection speaks; undefined until CONNECT says. */
  version: ProtocolVersion | undefined;
  /** Who receives. */
  readonly role: "server" | "client";
  /** Beyond these the filters of one packet are checked and counted, not kept. */
  readonly maximumFilters: number;
  /** Beyond these the user properties of one packet are checked and counted, not kept. */
  readonly maximumUserProperties: number;
  /** Bytes of a topic name. */
  readonly maximumTopicLength: number;
  /** Whether the Remaining Length of the current packet has more bytes than it needs. */
  readonly hasPaddedLength: boolean;
  /** Whether flags are set in the first byte of the current packet, a CONNECT. */
  readonly hasConnectHeaderFlags: boolean;
}

/** A body that is read in steps: each `yield` is a pause, because the budget is used up. */
export type Steps<T> = Generator<undefined, T, undefined>;
