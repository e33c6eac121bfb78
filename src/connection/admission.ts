import type { Step } from "../auth/methods/method.ts";
import type { DisconnectedCause } from "../core/counters.ts";
import {
  type Connect,
  type FinishedPacket,
  packetName,
  PacketType,
  UnfinishedPacket,
} from "../codec/packet.ts";
import { PacketError, protocolError } from "../codec/packet_error.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import type { Transport } from "../transport/transport.ts";
import {
  applicantOf,
  denialRefusal,
  encodeAuth,
  faultOfAuth,
  UNKNOWN_METHOD,
} from "./authentication.ts";
import type { ConnectionContext } from "./context.ts";
import { finish } from "./finish_packet.ts";
import { type Refusal, refusalFor, refusalOf } from "./handshake.ts";
import type { PacketInput } from "./packet_input.ts";
import { type Stranger, strangerOf } from "./stranger.ts";

/** A client that may come in. */
export type Granted = Extract<Step, { type: "granted" }>;

/** Who comes through a door where nobody asks. */
const ANYBODY: Granted = {
  type: "granted",
  identity: { user: undefined, by: "nothing", credential: "" },
};

/** The connection whose client stands at an {@linkcode Admission}. */
export interface Candidate {
  /** Where the client comes from. */
  readonly transport: Transport;
  /** Whether the connection has ended. */
  readonly ended: boolean;
  /** Reads what is there; says whether there was anything before the end of the stream. */
  read(): Promise<boolean>;
  /** Sends a packet. */
  send(packet: Uint8Array): void;
  /** Refuses the client, telling it why within the packet size that it takes. */
  refuse(refusal: Refusal, maximumPacketSize?: number): void;
  /** Ends the connection: the client is gone. */
  lost(cause: DisconnectedCause): void;
}

/** What a client must say before it comes in: CONNECT, and who it is (3.1.4, 4.12). */
export class Admission {
  readonly #context: ConnectionContext;
  readonly #packetInput: PacketInput;
  readonly #candidate: Candidate;

  /** For one connection, and what its client sends. */
  constructor(
    context: ConnectionContext,
    packetInput: PacketInput,
    candidate: Candidate,
  ) {
    this.#context = context;
    this.#packetInput = packetInput;
    this.#candidate = candidate;
  }

  /** Reads CONNECT, the first packet [MQTT-3.1.0-1]; `undefined` if the connection ended instead. */
  async connect(): Promise<Connect | undefined> {
    const packet = await this.#next();
    if (packet?.type !== PacketType.Connect) return undefined;
    const refusal = refusalOf(packet, this.#context.limits);
    if (refusal === undefined) return packet;
    const { maximumPacketSize } = packet.properties;
    this.#candidate.refuse(refusal, maximumPacketSize);
    return undefined;
  }

  /** Finds out who the client is; `undefined` if it is not let in, or the connection ended. */
  async authenticate(connect: Connect): Promise<Granted | undefined> {
    const candidate = this.#candidate;
    const { authenticationMethod: method, maximumPacketSize } =
      connect.properties;
    const { authenticator } = this.#context.door;
    if (authenticator === undefined && method === undefined) return ANYBODY;
    const exchange = authenticator?.begin(
      applicantOf(connect, candidate.transport),
      method,
    );
    let data = connect.properties.authenticationData;
    while (exchange !== undefined) {
      const step = await exchange.take(data?.slice());
      if (candidate.ended) return undefined;
      if (step.type === "granted") return step;
      if (step.type === "denied") {
        const user = exchange.claimed ?? connect.username;
        const refusal = denialRefusal(step.denial, user);
        candidate.refuse(refusal, maximumPacketSize);
        return undefined;
      }
      const code = ReasonCode.ContinueAuthentication;
      candidate.send(encodeAuth(code, method!, step.data));
      const packet = await this.#next();
      if (packet === undefined) return undefined;
      if (packet.type === PacketType.Disconnect) {
        candidate.lost("clientDisconnect");
        return undefined;
      }
      const fault = packet.type === PacketType.Auth
        ? faultOfAuth(packet, method!, code)
        : protocolError(`Cannot take ${packetName(packet.type)} now`);
      if (packet.type !== PacketType.Auth || fault !== undefined) {
        candidate.refuse(refusalFor(fault!), maximumPacketSize);
        return undefined;
      }
      data = packet.properties.authenticationData;
    }
    candidate.refuse(UNKNOWN_METHOD, maximumPacketSize);
    return undefined;
  }

  /** The next packet; `undefined` if the connection ends instead, as it does where that does not come in time. */
  async #next(): Promise<FinishedPacket | undefined> {
    const candidate = this.#candidate;
    const { timers, limits, counters } = this.#context;
    const timeout = timers.schedule(
      limits.connectTimeout,
      () => candidate.refuse({ cause: "connectTimeout" }),
    );
    try {
      do {
        let packet = this.#packetInput.next();
        if (packet instanceof UnfinishedPacket) packet = await finish(packet);
        if (packet instanceof PacketError) {
          candidate.refuse({ ...refusalFor(packet), ...this.#stranger() });
        }
        if (
          packet !== undefined && !(packet instanceof PacketError) &&
          !candidate.ended
        ) {
          counters.packetsReceived++;
          return packet;
        }
      } while (!candidate.ended && await candidate.read());
      return undefined;
    } finally {
      timeout.cancel();
    }
  }

  /** What is said of bytes that are none of MQTT. */
  #stranger(): Stranger | undefined {
    const { buffer: { bytes, start, end }, version } = this.#packetInput;
    return version === undefined
      ? strangerOf(bytes.subarray(start, end), this.#context.urls())
      : undefined;
  }
}
