import type { X509Certificate } from "node:crypto";

/** What was revoked: serial numbers by the fingerprint of the authority that gave them. */
export type Revocations = ReadonlyMap<string, ReadonlySet<string>>;

/** Whether a certificate that this authority has signed was revoked by it. */
export function isRevoked(
  revocations: Revocations,
  authority: X509Certificate,
  { serialNumber }: X509Certificate,
): boolean {
  return revocations.get(authority.fingerprint256)
    ?.has(normalSerial(serialNumber)) ?? false;
}

/** A serial number in hexadecimal digits, as all sides write it alike. */
export function normalSerial(serial: string): string {
  return serial.toLowerCase().replace(/^0+(?=.)/, "");
}
