import type { X509Certificate } from "node:crypto";
import { isForClients } from "./certificate_purposes.ts";
import { day, type LoadedTls } from "./load.ts";
import { isRevoked } from "./revocations.ts";

/** Certificates from a client's own up to one that an authority has signed. */
const LONGEST_CHAIN = 8;
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
  if (!isForClients(leaf.raw)) {
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
    return `expired on ${day(validToDate)}`;
  }
  if (validFromDate.getTime() > now) {
    return `is not valid before ${
      day(validFromDate)
    } by this machine's clock, which shows ${day(new Date(now))}`;
  }
  return undefined;
}
