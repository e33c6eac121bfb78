import { describeError } from "../../core/errors.ts";

/** What a TLS record with the first message of a handshake begins with. */
const HANDSHAKE = 0x16;
/** Where in it the version is that a client speaks, and what that is for TLS 1.2 and 1.3 alike. */
const VERSION_AT = 9;
const TLS_1_2 = 0x0303;

/** What can be said of a client by the first bytes that it has sent. */
export function openingFault(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== HANDSHAKE) {
    return "a client without TLS spoke to the TLS port";
  }
  const version = (bytes[VERSION_AT]! << 8) | bytes[VERSION_AT + 1]!;
  if (version >= 0x0300 && version < TLS_1_2) {
    const name = version === 0x0300 ? "SSL 3" : `TLS 1.${version - 0x0301}`;
    return `the client speaks ${name} at most, which is too old`;
  }
  return undefined;
}

/** Sentences for what TLS says, by parts of its codes and messages; the first that fits. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [
    /UNKNOWN_CA|UnknownCA/,
    "the client does not know the authority that signed this server's certificate",
  ],
  [
    /CERTIFICATE_EXPIRED|CertificateExpired/,
    "the client finds that this server's certificate has expired, or has a wrong clock",
  ],
  [
    /BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|BadCertificate|CertificateUnknown|UnsupportedCertificate|CertificateRevoked/,
    "the client does not take this server's certificate: it may be for other names or addresses than the one it connected to",
  ],
  [
    /PROTOCOL_VERSION|ProtocolVersion|TlsVersion|Tls1[23]|SupportedVersions|SignatureAlgorithmsExtension/,
    "the client's TLS version is too old for this listener",
  ],
  [
    /NoCipherSuitesInCommon|NoKxGroupsInCommon|NoSignatureSchemesInCommon|NoCertificateRequestSignature/,
    "the client and this server have no cipher in common",
  ],
  [
    /decrypt error|DECRYPT_ERROR|BadSignature|invalid peer certificate/i,
    "the client could not prove that it has its certificate's key",
  ],
  [
    /USER_CANCELLED|ECONNRESET|EPIPE|ECONNABORTED|UnexpectedEof|socket hang up|closed|reset|broken pipe|disconnected/i,
    "the client broke off, as those do that do not trust this server's certificate",
  ],
];

/** What went wrong in a handshake, as a sentence. */
export function handshakeFault(error: unknown): string {
  const code = error instanceof Error && "code" in error
    ? String(error.code)
    : "";
  const said = `${code} ${describeError(error)}`;
  for (const [pattern, sentence] of SENTENCES) {
    if (pattern.test(said)) return sentence;
  }
  return describeError(error);
}
