// Loaded only where a listener has a revocation list: what it needs takes memory.

import "reflect-metadata";
import type { X509Certificate } from "node:crypto";
import { X509Certificate as Certificate, X509Crl } from "@peculiar/x509";
import { normalSerial, type Revocations } from "./revocations.ts";

/** What {@linkcode readRevocations} works with. */
export interface RevocationReading {
  /** The time, in milliseconds since the epoch. */
  readonly now: number;
  /** Told what makes the lists unfit for use. */
  readonly fault: (message: string) => void;
  /** Told what should be looked at. */
  readonly warn: (message: string) => void;
}

const LIST = /-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g;

/** Reads revocation lists (PEM), each of which one of the authorities must have signed. */
export async function readRevocations(
  text: string,
  authorities: readonly X509Certificate[],
  { now, fault, warn }: RevocationReading,
): Promise<Revocations> {
  const revoked = new Map<string, Set<string>>();
  const blocks = text.match(LIST) ?? [];
  if (blocks.length === 0) {
    fault(
      "It holds no revocation list: it must have a part -----BEGIN X509 CRL----- to -----END X509 CRL-----",
    );
  }
  for (const [index, block] of blocks.entries()) {
    let list: X509Crl;
    let serials: string[];
    try {
      list = new X509Crl(block);
      serials = list.entries.map(({ serialNumber }) => serialNumber);
    } catch {
      fault(
        `Its list number ${index + 1} is damaged: have it made again`,
      );
      continue;
    }
    const signer = await signerOf(list, authorities);
    if (signer === undefined) {
      fault(
        `Its list number ${
          index + 1
        } was signed by none of the authorities in the file for clients' certificates: give the list of one of these`,
      );
      continue;
    }
    if (list.nextUpdate !== undefined && list.nextUpdate.getTime() < now) {
      warn(
        `The revocation list of ${signer.subject} should have been renewed by ${
          list.nextUpdate.toISOString().slice(0, 10)
        }, and is used as it is: have it made again`,
      );
    }
    const set = revoked.get(signer.fingerprint256) ?? new Set();
    for (const serial of serials) set.add(normalSerial(serial));
    revoked.set(signer.fingerprint256, set);
  }
  return revoked;
}

async function signerOf(
  list: X509Crl,
  authorities: readonly X509Certificate[],
): Promise<X509Certificate | undefined> {
  for (const authority of authorities) {
    const certificate = new Certificate(new Uint8Array(authority.raw));
    if (certificate.subject !== list.issuer) continue;
    try {
      const { publicKey } = certificate;
      if (await list.verify({ publicKey })) return authority;
    } catch {
      // Its key is of another kind.
    }
  }
  return undefined;
}
