import type { X509Certificate } from "node:crypto";
import type { LoadedTls } from "./load_tls.ts";
import { isRevoked } from "./revocations.ts";

/** Certificates from a client's own up to one that an authority has signed. */
const LONGEST_CHAIN = 8;
/** Purposes that a certificate may be limited to: to show who a client is, and any. */
const FOR_CLIENTS = ["1.3.6.1.5.5.7.3.2", "2.5.29.37.0"];

/** What a client's certificate is judged by. */
export type ClientTrust = Pick<LoadedTls, "authorities" | "revocations">;

/**
 * Why the certificate that a client has shown, with the intermediates it sent, is not good; `undefined` if it is. That
 * it has the key belonging to it has been seen in the handshake.
 */
export function certificateFault(
  [leaf, ...intermediates]: readonly X509Certificate[],
  trust: ClientTrust,
  now: number,
): string | undefined {
  if (leaf === undefined) return "the client showed no certificate";
  const name = leaf.subject?.replaceAll("\n", ", ") || "without a name";
  if (!isVersion3(leaf)) {
    return `the client's certificate, of ${name}, is of the form before 1996, which is not taken`;
  }
  const purposes: readonly string[] | undefined = leaf.keyUsage;
  if (purposes?.some((one) => FOR_CLIENTS.includes(one)) === false) {
    return `the client's certificate, of ${name}, is not meant for clients`;
  }
  let certificate = leaf;
  for (let length = 0; length < LONGEST_CHAIN; length++) {
    const fault = validityFault(certificate, now);
    const whose = certificate === leaf
      ? `the client's certificate, of ${name},`
      : "a certificate between the client's and its authority";
    if (fault !== undefined) return `${whose} ${fault}`;
    const authority = signerOf(certificate, trust.authorities);
    if (authority !== undefined) {
      const { revocations } = trust;
      if (revocations && isRevoked(revocations, authority, certificate)) {
        return `${whose} is revoked`;
      }
      const expired = validityFault(authority, now);
      return expired && `the authority of the client's certificate ${expired}`;
    }
    const next = signerOf(certificate, intermediates);
    if (next === undefined || next === certificate) break;
    certificate = next;
  }
  return `the client's certificate, of ${name}, was signed by no authority that is known here`;
}

function signerOf(
  certificate: X509Certificate,
  candidates: readonly X509Certificate[],
): X509Certificate | undefined {
  return candidates.find((one) =>
    one.ca && certificate.checkIssued(one) && certificate.verify(one.publicKey)
  );
}

function validityFault(
  { validFromDate, validToDate }: X509Certificate,
  now: number,
): string | undefined {
  if (validToDate.getTime() < now) {
    return `expired on ${validToDate.toISOString().slice(0, 10)}`;
  }
  if (validFromDate.getTime() > now) {
    return `is not valid before ${validFromDate.toISOString().slice(0, 10)}`;
  }
  return undefined;
}

/** Whether it can have extensions at all: those of older versions say nothing of what they are for. */
function isVersion3({ raw }: X509Certificate): boolean {
  const content = (at: number) =>
    at + 2 + (raw[at + 1]! < 0x80 ? 0 : raw[at + 1]! & 0x7f);
  // Certificate, TBSCertificate and in it the version, which is there if it is not the first.
  const version = content(content(0));
  return raw[version] === 0xa0 && raw[version + 4] === 2;
}
