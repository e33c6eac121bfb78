import type { Identity } from "../auth/methods/method.ts";
import {
  DISCONNECTED_CAUSES,
  type DisconnectedCause,
} from "../core/counters.ts";
import { toError } from "../core/errors.ts";
import { PROTOCOL_NAMES, type ProtocolVersion } from "../codec/packet.ts";
import type { Transport } from "../transport/transport.ts";
import type { LinkOrigin } from "../session/link.ts";
import type { ConnectionContext } from "./context.ts";
import type { Refusal } from "./handshake.ts";

/** Counts and logs who came through one connection and why it ended. */
export class ConnectionLog {
  /** The client identifier, once it is known. */
  clientId: string | undefined;
  /** Who the client is, once that is known. */
  identity: Identity | undefined;
  readonly #context: Pick<ConnectionContext, "counters" | "log" | "refusals">;
  readonly #host: string;
  /** Where the connection comes from. */
  readonly origin: LinkOrigin;
  #isClient = false;

  /** Tells of a connection from this address. */
  constructor(
    context: Pick<ConnectionContext, "counters" | "log" | "refusals" | "door">,
    { peer: address, host }: Pick<Transport, "peer" | "host">,
  ) {
    this.#context = context;
    this.#host = host;
    this.origin = { address, listener: context.door.name };
  }

  /** The user, once it is known that there is one. */
  get user(): string | undefined {
    return this.identity?.user;
  }

  /** Whether the client was accepted. */
  get isClient(): boolean {
    return this.#isClient;
  }

  /** The client is accepted, with so many seconds of keep alive. */
  accepted(version: ProtocolVersion, keepAlive: number): void {
    const { counters, log } = this.#context;
    this.#isClient = true;
    counters.clientsTotal++;
    counters.clientsNow++;
    log.info("Client connected", {
      client: this.clientId,
      user: this.user,
      address: this.origin.address,
      protocol: PROTOCOL_NAMES[version],
      keepAlive,
    });
  }

  /** The connection ends without having had an accepted client. */
  refused(
    { cause, detail, note = detail, user = this.user }: Refusal,
  ): void {
    const { counters, refusals } = this.#context;
    counters.refused[cause]++;
    refusals.note(cause, this.#host, {
      client: this.clientId,
      user,
      detail: note,
    });
  }

  /** The client authenticated again, and failed. */
  denied(detail: string): void {
    const client = this.clientId;
    this.#context.log.info("Client authenticated again, and failed", {
      client,
      detail,
    });
  }

  /** Something went wrong that is no fault of the client. */
  fault(error: unknown): void {
    const fault = { client: this.clientId, error: toError(error) };
    this.#context.log.error("Fault in a connection", fault);
  }

  /** The connection of an accepted client ends. */
  ended(cause: DisconnectedCause, detail?: string): void {
    const { counters, log } = this.#context;
    counters.clientsNow--;
    counters.disconnected[cause]++;
    log.info("Client disconnected", {
      client: this.clientId,
      address: this.origin.address,
      cause: DISCONNECTED_CAUSES[cause],
      detail,
    });
  }
}
