import { parseIpAddress } from "../ip_address.ts";
import { Network } from "../network.ts";
import { LONGEST_HEADER, parseProxyHeader } from "./protocol.ts";
import { ReadAheadTransport } from "../read_ahead.ts";
import { Refused } from "../refused.ts";
import { formatPeer } from "../format_peer.ts";
import type { Transport } from "../transport.ts";

/** Where only proxies may connect, which say with a header of the PROXY protocol for whom. */
export class ProxyGate {
  readonly #networks: readonly Network[];

  /** Takes the addresses and networks of the proxies. */
  constructor(proxiesFrom: readonly string[]) {
    this.#networks = proxiesFrom.map((text) => {
      const network = Network.parse(text);
      if (network === undefined) {
        throw new TypeError(`Cannot use ${JSON.stringify(text)} as a network`);
      }
      return network;
    });
  }

  /** Reads the header, and gives the connection of the client behind the proxy. Rejects with `Refused`. */
  async pass(transport: Transport): Promise<Transport> {
    const address = parseIpAddress(transport.host);
    if (
      address === undefined ||
      !this.#networks.some((network) => network.contains(address))
    ) {
      throw new Refused("only named proxies may connect here");
    }
    const bytes = new Uint8Array(LONGEST_HEADER);
    for (let length = 0;;) {
      const count = await transport.read(bytes.subarray(length));
      if (count === null) throw new Refused(undefined);
      length += count;
      const read = bytes.subarray(0, length);
      const header = parseProxyHeader(read);
      if (header.type === "faulty") {
        throw new Refused(`no header of the PROXY protocol: ${header.reason}`);
      }
      if (header.type === "unfinished") continue;
      const { source } = header;
      const ahead = read.slice(header.size);
      if (source === undefined) return new ReadAheadTransport(transport, ahead);
      const peer = formatPeer(source.host, source.port);
      return new ReadAheadTransport(transport, ahead, {
        peer,
        host: source.host,
      });
    }
  }
}
