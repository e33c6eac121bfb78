import {
  DISCONNECTED_CAUSES,
  type DisconnectedCause,
  REFUSED_CAUSES,
} from "../core/counters.ts";
import type { ProtocolVersion } from "../codec/packet.ts";
import type { ConnectionContext } from "./context.ts";
import { PROTOCOL_NAMES, type Refusal } from "./handshake.ts";

/** Counts and logs who came through one connection and why it ended. */
export class Attendance {
  /** The client identifier, once it is known. */
  clientId: string | undefined;
  readonly #context: Pick<ConnectionContext, "counters" | "log">;
  readonly #address: string;
  #isClient = false;

  /** Tells of a connection from this address. */
  constructor(
    context: Pick<ConnectionContext, "counters" | "log">,
    address: string,
  ) {
    this.#context = context;
    this.#address = address;
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
      address: this.#address,
      protocol: PROTOCOL_NAMES[version],
      keepAlive,
    });
  }

  /** The connection ends without having had an accepted client. */
  refused({ cause, detail }: Refusal): void {
    const { counters, log } = this.#context;
    counters.refused[cause]++;
    log.info("Connection refused", {
      client: this.clientId,
      address: this.#address,
      cause: REFUSED_CAUSES[cause],
      detail,
    });
  }

  /** The connection of an accepted client ends. */
  ended(cause: DisconnectedCause, detail?: string): void {
    const { counters, log } = this.#context;
    counters.clientsNow--;
    counters.disconnected[cause]++;
    log.info("Client disconnected", {
      client: this.clientId,
      address: this.#address,
      cause: DISCONNECTED_CAUSES[cause],
      detail,
    });
  }
}
