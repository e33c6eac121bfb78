// Loaded only by what makes certificates.

import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from "@peculiar/x509";

/** The kind of all keys, and how they sign. */
const KEY = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

/** What is of use in a certificate that was made. */
export interface IssuedCertificate {
  /** Whom it is for, as a distinguished name. */
  readonly subject: string;
  /** In hexadecimal digits. */
  readonly serialNumber: string;
  /** Until when it is good. */
  readonly notAfter: Date;
  /** The whole in DER. */
  readonly rawData: ArrayBuffer;
}

/** A certificate with its key. */
export interface Issued {
  /** The certificate. */
  readonly certificate: IssuedCertificate;
  /** Its private key. */
  readonly key: CryptoKey;
}

/** From when until when a certificate or a list is good. */
export interface Validity {
  /** The first moment. */
  readonly from: Date;
  /** The last one. */
  readonly until: Date;
}

/** A name of whom a certificate is for, beside the Common Name. */
export interface AlternativeName {
  /** Its kind. */
  readonly type: "dns" | "ip" | "url" | "email";
  /** The name. */
  readonly value: string;
}

/** What a certificate says. */
export interface CertificateRequest extends Validity {
  /** The Common Name. */
  readonly name: string;
  /** Whom it is for: servers or clients. */
  readonly purpose: "server" | "client";
  /** Host names and addresses of a server. */
  readonly alternativeNames?: readonly AlternativeName[];
}

/** A certificate that was revoked. */
export interface RevokedCertificate {
  /** Its serial number in hexadecimal digits. */
  readonly serialNumber: string;
  /** Since when. */
  readonly since: Date;
}

/** Makes an authority, which signs itself. */
export async function makeAuthority(
  { name, from, until }: Validity & { readonly name: string },
): Promise<Issued> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [name] }],
    notBefore: from,
    notAfter: until,
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(
        KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
        true,
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

/** Makes a certificate that the authority signs. */
export async function makeCertificate(
  authority: Issued,
  { name, purpose, alternativeNames = [], from, until }: CertificateRequest,
): Promise<Issued> {
  const keys = await makeKeys();
  const usage = purpose === "server"
    ? ExtendedKeyUsage.serverAuth
    : ExtendedKeyUsage.clientAuth;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ CN: [name] }],
    issuer: authority.certificate.subject,
    notBefore: from,
    notAfter: until,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      ...(alternativeNames.length > 0
        ? [new SubjectAlternativeNameExtension([...alternativeNames])]
        : []),
    ],
  });
  return { certificate, key: keys.privateKey };
}

/** Makes a list of what the authority has revoked. */
export async function makeRevocationList(
  authority: Issued,
  revoked: readonly RevokedCertificate[],
  { from, until }: Validity,
): Promise<string> {
  const list = await X509CrlGenerator.create({
    issuer: authority.certificate.subject,
    thisUpdate: from,
    nextUpdate: until,
    signingKey: authority.key,
    signingAlgorithm: SIGNING,
    entries: revoked.map(({ serialNumber, since }) => ({
      serialNumber,
      revocationDate: since,
    })),
  });
  return `${PemConverter.encode(list.rawData, "X509 CRL")}\n`;
}

/** A certificate in PEM. */
export function certificatePem({ certificate }: Issued): string {
  return `${PemConverter.encode(certificate.rawData, "CERTIFICATE")}\n`;
}

/** A private key in PEM (PKCS #8). */
export async function keyPem({ key }: Issued): Promise<string> {
  const bytes = await crypto.subtle.exportKey("pkcs8", key);
  return `${PemConverter.encode(bytes, "PRIVATE KEY")}\n`;
}

/** Reads what {@linkcode certificatePem} and {@linkcode keyPem} made. Throws if it cannot. */
export async function readIssued(
  certificate: string,
  key: string,
): Promise<Issued> {
  return {
    certificate: new X509Certificate(certificate),
    key: await crypto.subtle.importKey(
      "pkcs8",
      PemConverter.decodeFirst(key),
      KEY,
      true,
      ["sign"],
    ),
  };
}

async function makeKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
}

/** 16 random bytes, of which the first makes a positive number of full length. */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
