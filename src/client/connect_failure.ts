import { describeError } from "../core/errors.ts";

/** Sentences for why no connection comes about, by parts of what the system, TLS and HTTP say; the first that fits. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/ConnectionRefused|ECONNREFUSED/, "connection refused"],
  [
    /ENOTFOUND|failed to lookup|Name or service not known|No address associated/i,
    "there is no host of this name",
  ],
  [
    /EAI_AGAIN|Temporary failure in name resolution/i,
    "the host's name cannot be looked up: is there a network?",
  ],
  [/TimedOut|ETIMEDOUT|TimeoutError/, "it does not answer"],
  [
    /NetworkUnreachable|HostUnreachable|EHOSTUNREACH|ENETUNREACH|unreachable/i,
    "the network knows no way there",
  ],
  [
    /UnknownIssuer|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|SELF_SIGNED|self-signed|CaUsedAsEndEntity/i,
    "its certificate was signed by no authority that is known here; --cafile names the authority's file",
  ],
  [
    /CERT_HAS_EXPIRED|certificate expired|: Expired/i,
    "its certificate has expired, or the clock here is wrong",
  ],
  [
    /NotValidYet|CERT_NOT_YET_VALID/i,
    "its certificate is not valid yet, or the clock here is wrong",
  ],
  [
    /NotValidForName|not valid for name|ALTNAME_INVALID|altnames/i,
    "its certificate is for another host; with --insecure that is not checked",
  ],
  [
    /CertificateRequired|certificate required|CERTIFICATE_REQUIRED/i,
    "it asks for a client certificate: --cert and --key name it",
  ],
  [
    /UnknownCA|UNKNOWN_CA|BadCertificate|CertificateUnknown|CertificateExpired|bad certificate|unknown ca|DecryptError/i,
    "it does not take the client certificate",
  ],
  [
    /InvalidContentType|corrupt message|WRONG_VERSION_NUMBER|wrong version number|EPROTO/i,
    "it does not speak TLS on this port",
  ],
  [/ProtocolVersion|PROTOCOL_VERSION/, "it speaks too old a TLS"],
  [
    /ConnectionReset|ECONNRESET|socket hang up|UnexpectedEof|BrokenPipe|EPIPE|connection is closed|disconnected before/i,
    "it closed the connection",
  ],
];

/** Why no connection came about, fit to stand after a colon. */
export function connectFailure(error: unknown): string {
  const { name = "", code = "" } =
    (error instanceof Error ? error : {}) as Partial<
      Record<"name" | "code", unknown>
    >;
  const said = `${name} ${code} ${describeError(error)}`;
  for (const [pattern, sentence] of SENTENCES) {
    if (pattern.test(said)) return sentence;
  }
  return describeError(error);
}
