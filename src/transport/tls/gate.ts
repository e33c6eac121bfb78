// Loaded only where a listener speaks TLS: what it needs takes memory.

import { X509Certificate } from "node:crypto";
import type {
  DetailedPeerCertificate,
  SecureContext,
  TLSSocket,
} from "node:tls";
import type { Counters } from "../../core/counters.ts";
import type { LimitedLog } from "../../core/limited_log.ts";
import { certificateFault } from "./client_certificate.ts";
import { firstRecordLength, offeredProtocols } from "./client_hello.ts";
import type { TlsSettings } from "../listener_settings.ts";
import type { LoadedTls } from "./load.ts";
import { NodeSocketTransport } from "../socket/node_socket.ts";
import { ReadAheadTransport } from "../read_ahead.ts";
import { Refused } from "../refused.ts";
import { handshakeFault, openingFault } from "./failure.ts";
import { serverContext, serverHandshake } from "./handshake.ts";
import { TransportStream } from "../transport_stream.ts";
import type { PeerCertificate, Transport } from "../transport.ts";

/** Bytes that tell a client that speaks TLS from others: the head of a record and of a message in it. */
const OPENING = 11;
/** Bytes of the first record that are looked at for the protocols that the client offers: RFC 8446 allows no more. */
const LONGEST_RECORD = 5 + 16 * 1024;
/** Bytes that a client may send before its handshake is done: certificates, and what it sends right behind. */
const MOST_IN_HANDSHAKE = 64 * 1024;

/** Certificates that are remembered as faulty; only what a known authority has signed comes so far. */
const MOST_FAULTY = 10_000;

/** What a {@linkcode TlsGate} works with. */
export interface TlsGateOptions {
  /** The protocol within TLS, as ALPN names it: `mqtt`, or `http/1.1` for WebSocket. */
  readonly protocol: string;
  /** What is asked of clients. */
  readonly settings: TlsSettings;
  /** What it begins with. */
  readonly loaded: LoadedTls;
  /** The time by which certificates are judged, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Tells, by address, why handshakes came to nothing. */
  readonly failed: LimitedLog;
  /** Where these are counted. */
  readonly counters: Pick<Counters, "tlsFailures">;
}

/** Where a connection must become one within TLS first. */
export class TlsGate {
  readonly #options: TlsGateOptions;
  #loaded: LoadedTls;
  #context: SecureContext;
  /** Certificates that the runtime's verifier has something against, by their fingerprints. */
  readonly #faulty = new Map<string, string>();

  /** Makes one for all connections of a listener. */
  constructor(options: TlsGateOptions) {
    this.#options = options;
    this.#loaded = options.loaded;
    this.#context = serverContext(options.settings, options.loaded);
  }

  /** Uses other certificates for those who come from now on. */
  exchange(loaded: LoadedTls): void {
    this.#context = serverContext(this.#options.settings, loaded);
    this.#loaded = loaded;
    this.#faulty.clear();
  }

  /** Goes through the handshake, and gives the stream within. Rejects with `Refused`. */
  async pass(transport: Transport): Promise<Transport> {
    try {
      return await this.#pass(transport);
    } catch (error) {
      const reason = error instanceof Refused
        ? error.reason
        : handshakeFault(error);
      const { counters, failed } = this.#options;
      counters.tlsFailures++;
      throw new Refused(reason, failed);
    }
  }

  async #pass(transport: Transport): Promise<Transport> {
    const ahead = await readOpening(transport);
    if (ahead === undefined) throw new Refused(undefined);
    const fault = openingFault(ahead);
    if (fault !== undefined) throw new Refused(fault);
    const loaded = this.#loaded;
    const stream = new TransportStream(
      new ReadAheadTransport(transport, ahead),
    );
    stream.allowance = MOST_IN_HANDSHAKE;
    stream.onExcess = () =>
      void stream.destroy(new Error("the client sends too much"));
    const { settings, protocol } = this.#options;
    const offered = offeredProtocols(ahead);
    const socket = await serverHandshake(stream, {
      context: this.#context,
      settings,
      // Where a client offers others alone, it goes on without: to insist would end the connection (RFC 7301, 3.2).
      protocol: offered.includes(protocol) ? protocol : undefined,
    });
    const { peer, host } = transport;
    try {
      const certificate = this.#judge(socket, loaded);
      return new NodeSocketTransport(socket, stream, {
        peer,
        host,
        certificate,
      });
    } catch (error) {
      socket.on("error", () => {});
      socket.destroy();
      throw error;
    }
  }

  /** The client's certificate, if it is good. Throws `Refused` if it is not, or if there must be one. */
  #judge(socket: TLSSocket, loaded: LoadedTls): PeerCertificate | undefined {
    const asks = this.#asks;
    if (asks === "no") return undefined;
    const chain = chainOf(socket);
    if (chain.length === 0 && asks === "request") return undefined;
    const fault = certificateFault(chain, loaded, this.#options.now()) ??
      this.#verifierFault(socket, chain[0]!);
    if (fault !== undefined) throw new Refused(fault);
    return peerCertificate(chain[0]!);
  }

  /** What the runtime's verifier has against a certificate. It is silent where a client resumes a TLS session. */
  #verifierFault(
    socket: TLSSocket,
    { fingerprint256 }: X509Certificate,
  ): string | undefined {
    const fault = verifierFault(socket);
    if (fault !== undefined && this.#faulty.size < MOST_FAULTY) {
      this.#faulty.set(fingerprint256, fault);
    }
    return fault ?? this.#faulty.get(fingerprint256);
  }

  get #asks(): "require" | "request" | "no" {
    return this.#options.settings.clientCertificates ?? "no";
  }
}

/** Reads the first record, or as many bytes as tell TLS from something else; `undefined` where none come. */
async function readOpening(
  transport: Transport,
): Promise<Uint8Array | undefined> {
  let bytes = new Uint8Array(1024);
  let length = 0;
  let wanted = OPENING;
  while (length < wanted) {
    const count = await transport.read(bytes.subarray(length));
    if (count === null) {
      return length === 0 ? undefined : bytes.slice(0, length);
    }
    length += count;
    if (openingFault(bytes.subarray(0, 1)) !== undefined) break;
    const record = firstRecordLength(bytes.subarray(0, length));
    wanted = Math.min(record ?? OPENING, LONGEST_RECORD);
    if (wanted > bytes.length) {
      const larger = new Uint8Array(wanted);
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
  }
  return bytes.slice(0, length);
}

/** The certificates that a client has sent, its own first. */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(
    true,
  );
  while (next?.raw !== undefined && chain.length < 10) {
    chain.push(new X509Certificate(next.raw));
    if (next.issuerCertificate === next) break;
    next = next.issuerCertificate;
  }
  return chain;
}

/** What the runtime's own verifier has against a certificate, which knows of more than we ask for. */
function verifierFault(socket: TLSSocket): string | undefined {
  const { _handle: handle } = socket as unknown as {
    _handle?: { verifyError?(): unknown };
  };
  const error = handle?.verifyError?.();
  if (!error) return undefined;
  const code = error instanceof Error && "code" in error ? error.code : error;
  return `the client's certificate is not good: ${code}`;
}

function peerCertificate(certificate: X509Certificate): PeerCertificate {
  const { CN } = certificate.toLegacyObject().subject;
  // Of several names none can be said to be the one.
  const name: unknown = CN;
  return {
    commonName: typeof name === "string" ? name : undefined,
    alternativeNames: splitNames(certificate.subjectAltName ?? ""),
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

/** Alternative names one by one; those with odd characters in them stand in quotes. */
function splitNames(names: string): string[] {
  return names.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g)?.map((name) =>
    name.trim()
  ) ?? [];
}
