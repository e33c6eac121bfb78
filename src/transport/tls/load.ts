import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { describeError } from "../../core/errors.ts";
import type { TlsSettings } from "../listener_settings.ts";
import type { Revocations } from "./revocations.ts";

/** What is wrong with one of the files that TLS needs. */
export interface TlsFault {
  /** The file's path, as it stands in the settings. */
  readonly file: string;
  /** What is wrong and what to do, in a sentence without full stop. */
  readonly message: string;
}

/** All that is wrong with the files of a listener. */
export class TlsFaults extends Error {
  /** At least one. */
  readonly faults: readonly TlsFault[];

  /** Takes them. */
  constructor(faults: readonly TlsFault[]) {
    super(faults.map(({ file, message }) => `${file}: ${message}`).join("; "));
    this.name = "TlsFaults";
    this.faults = faults;
  }
}

/** Certificates, keys and lists that were found good, and belong together. */
export interface LoadedTls {
  /** The server's certificate and its intermediates (PEM). */
  readonly certificate: string;
  /** Its private key (PEM). */
  readonly key: string;
  /** When the certificate expires, in milliseconds since the epoch. */
  readonly expires: number;
  /** Whom it is for, for the log. */
  readonly subject: string;
  /** The authorities that sign clients' certificates. */
  readonly authorities: readonly X509Certificate[];
  /** What these have revoked. */
  readonly revocations: Revocations | undefined;
  /** What an operator should look at, though all can be used. */
  readonly warnings: readonly TlsFault[];
  /** Tells these contents from others. */
  readonly contents: string;
}

/** The files of a listener as they were read. */
interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority?: string;
  readonly revocationList?: string;
}

/**
 * Reads and checks all files that a listener's TLS needs, by the time `now` in milliseconds since the epoch.
 *
 * @throws {TlsFaults} If one cannot be used, with all that is wrong.
 */
export async function loadTls(
  settings: TlsSettings,
  now: number = Date.now(),
): Promise<LoadedTls> {
  const faults: TlsFault[] = [];
  const files = await readTlsFiles(settings, faults);
  if (files === undefined) throw new TlsFaults(faults);
  return await checkTls({ settings, files, now, faults });
}

/** What tells the contents of these files from others; `undefined` while one cannot be read. */
export async function tlsContents(
  settings: TlsSettings,
): Promise<string | undefined> {
  const files = await readTlsFiles(settings, []);
  return files && contentsOf(files);
}

function contentsOf(files: TlsFiles): string {
  return JSON.stringify(files);
}

async function readTlsFiles(
  settings: TlsSettings,
  faults: TlsFault[],
): Promise<TlsFiles | undefined> {
  const { clientAuthority, revocationList } = settings;
  const isAsked = (settings.clientCertificates ?? "no") !== "no";
  const [certificate, key, authority, list] = await Promise.all([
    readPem(settings.certificate, faults),
    readPem(settings.key, faults),
    isAsked && clientAuthority !== undefined
      ? readPem(clientAuthority, faults)
      : undefined,
    isAsked && revocationList !== undefined
      ? readPem(revocationList, faults)
      : undefined,
  ]);
  if (faults.length > 0) return undefined;
  return {
    certificate: certificate!,
    key: key!,
    ...(authority !== undefined && { authority }),
    ...(list !== undefined && { revocationList: list }),
  };
}

async function readPem(
  file: string,
  faults: TlsFault[],
): Promise<string | undefined> {
  const fault = (message: string) => void faults.push({ file, message });
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return fault(
        "There is no such file: correct its path, or make certificates with mailboxqtt tls init",
      );
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      return fault(
        "The broker may not read it: give its user the right to, and to enter its folders",
      );
    }
    return fault(`Cannot read it: ${describeError(error)}`);
  }
  if (bytes[0] === 0x30) {
    return fault("It is DER: convert it to PEM, which openssl does");
  }
  return Buffer.from(bytes).toString();
}

async function checkTls({ settings, files, now, faults }: {
  settings: TlsSettings;
  files: TlsFiles;
  now: number;
  faults: TlsFault[];
}): Promise<LoadedTls> {
  const warnings: TlsFault[] = [];
  const { certificate: file, clientAuthority, revocationList } = settings;
  const [leaf] = certificatesIn(file, files.certificate, faults);
  const key = privateKeyIn(settings.key, files.key, faults);
  if (leaf !== undefined) {
    const { expired, early } = validity(leaf, now);
    if (expired !== undefined) faults.push({ file, message: expired });
    // A gateway may start before it knows the time; the certificate is good once it does.
    if (early !== undefined) warnings.push({ file, message: early });
  }
  if (leaf !== undefined && key !== undefined && !leaf.checkPrivateKey(key)) {
    const message =
      `It is not the key of the first certificate in ${file}: give those that were made together`;
    faults.push({ file: settings.key, message });
  }
  let authorities: X509Certificate[] = [];
  if (files.authority !== undefined) {
    authorities = authoritiesIn(clientAuthority!, files.authority, {
      faults,
      warnings,
      now,
    });
  }
  let revocations: Revocations | undefined;
  if (files.revocationList !== undefined && authorities.length > 0) {
    const { readRevocations } = await import("./revocation_list.ts");
    revocations = await readRevocations(files.revocationList, authorities, {
      now,
      fault: (message) => faults.push({ file: revocationList!, message }),
      warn: (message) => warnings.push({ file: revocationList!, message }),
    });
  }
  if (faults.length === 0) tryTogether(settings, files, faults);
  if (faults.length > 0) throw new TlsFaults(faults);
  return {
    certificate: files.certificate,
    key: files.key,
    expires: leaf!.validToDate.getTime(),
    subject: leaf!.subject ?? "",
    authorities,
    revocations,
    warnings,
    contents: contentsOf(files),
  };
}

/** Whether the runtime takes them, which knows fewer kinds of keys than there are. */
function tryTogether(
  settings: TlsSettings,
  { certificate, key }: TlsFiles,
  faults: TlsFault[],
): void {
  try {
    createSecureContext({ cert: certificate, key });
  } catch (error) {
    const message = `TLS cannot use it: ${describeError(error)}`;
    faults.push({ file: settings.certificate, message });
  }
}

const CERTIFICATE =
  /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function certificatesIn(
  file: string,
  text: string,
  faults: TlsFault[],
): X509Certificate[] {
  const fault = (message: string) => faults.push({ file, message });
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    fault(
      text.includes("PRIVATE KEY-----")
        ? "It holds a private key and no certificate: are the two files exchanged?"
        : "It holds no certificate: it must have a part -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
    );
  }
  const certificates: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      fault(
        `Its certificate number ${
          index + 1
        } is damaged: copy it again from where it came`,
      );
    }
  }
  return certificates;
}

function privateKeyIn(
  file: string,
  text: string,
  faults: TlsFault[],
): KeyObject | undefined {
  const fault = (message: string) => void faults.push({ file, message });
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return fault(
      text.includes("-----BEGIN CERTIFICATE-----")
        ? "It holds a certificate and no private key: are the two files exchanged?"
        : "It holds no private key: it must have a part -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----",
    );
  }
  if (/ENCRYPTED/.test(text)) {
    return fault(
      "The key is encrypted, and nobody is there to type the password: write it without one with openssl pkey -in FILE -out NEWFILE",
    );
  }
  try {
    return createPrivateKey(text);
  } catch {
    // What the parser says might show parts of the key.
    return fault("The key is damaged: copy it again from where it came");
  }
}

function authoritiesIn(file: string, text: string, { faults, warnings, now }: {
  faults: TlsFault[];
  warnings: TlsFault[];
  now: number;
}): X509Certificate[] {
  const authorities = certificatesIn(file, text, faults);
  for (const one of authorities) {
    if (!one.ca) {
      const message =
        `The certificate of ${one.subject} is not one of an authority, and signs no others: give that of who signed the clients' certificates`;
      faults.push({ file, message });
    }
  }
  const all = authorities.map((one) => validity(one, now));
  for (const { early } of all) {
    if (early !== undefined) warnings.push({ file, message: early });
  }
  const unfit = all.flatMap(({ expired }) => expired ?? []);
  // Among several, an old one that is still listed does no harm.
  const list = unfit.length === authorities.length ? faults : warnings;
  for (const message of unfit) list.push({ file, message });
  return authorities;
}

/** Why a certificate cannot be used at a time: any more, or yet. */
function validity(
  { validFromDate, validToDate, subject }: X509Certificate,
  now: number,
): { expired?: string; early?: string } {
  if (validToDate.getTime() < now) {
    return {
      expired: `The certificate of ${subject} expired on ${
        day(validToDate)
      }: put a new one in its place`,
    };
  }
  if (validFromDate.getTime() <= now) return {};
  return {
    early: `The certificate of ${subject} is not valid before ${
      day(validFromDate)
    }: wait, or set this machine's clock, which shows ${day(new Date(now))}`,
  };
}

/** A day as people read it: `2026-01-31`. */
export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
