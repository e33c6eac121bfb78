// Loaded only by what makes certificates.

import "reflect-metadata";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { X509Certificate, X509Crl } from "@peculiar/x509";
import { describeError, StartError } from "../../core/errors.ts";
import {
  certificatePem,
  type Issued,
  keyPem,
  makeAuthority,
  makeCertificate,
  makeRevocationList,
  readIssued,
} from "./make_certificates.ts";
import { replaceFile } from "../../terminal/replace_file.ts";

const DAY = 86_400_000;
/** For how many days an authority of our own is good. */
const AUTHORITY_DAYS = 20 * 365;
/** Names of files that are not a device's. */
const RESERVED = ["authority", "server", "revoked"];

/** A folder with an authority of one's own, and what it has signed. */
export class CertificateFolder {
  readonly #folder: string;

  /** Takes its path. Nothing is read or made yet. */
  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.#folder, name);
  }

  /** Makes what is not there yet, and the server's certificate in any case. Returns whether the authority is new. */
  async init(names: readonly string[], days: number): Promise<boolean> {
    try {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o755 });
    } catch (error) {
      throw new StartError(
        `Cannot make the folder ${this.#folder}: ${describeError(error)}`,
      );
    }
    const isNew = !await exists(this.file("authority.crt"));
    if (isNew) await this.#makeAuthority();
    const authority = await this.#authority();
    if (!await exists(this.file("revoked.crl"))) {
      await this.#writeRevoked(authority, []);
    }
    const server = await makeCertificate(authority, {
      name: names[0]!,
      purpose: "server",
      alternativeNames: names.map((value) => ({
        type: isIP(value) === 0 ? "dns" : "ip",
        value,
      })),
      ...this.#validity(authority, days),
    });
    await this.#write("server", server);
    return isNew;
  }

  /** Makes a certificate for a device. */
  async addDevice(name: string, days: number): Promise<void> {
    const authority = await this.#authority();
    if (await exists(this.file(`${name}.crt`))) {
      throw new StartError(
        `Cannot make a certificate for ${name}: it has one, which mailboxqtt tls revoke ${name} takes back`,
      );
    }
    const device = await makeCertificate(authority, {
      name,
      purpose: "client",
      ...this.#validity(authority, days),
    });
    await this.#write(name, device);
  }

  /** Revokes a device's certificate, and lays it aside. */
  async revoke(name: string): Promise<void> {
    const authority = await this.#authority();
    const file = this.file(`${name}.crt`);
    if (!await exists(file)) {
      throw new StartError(
        `Cannot revoke the certificate of ${name}: there is no ${file}`,
      );
    }
    const { serialNumber } = new X509Certificate(await read(file));
    const list = new X509Crl(await read(this.file("revoked.crl")));
    const revoked = list.entries.map((entry) => ({
      serialNumber: entry.serialNumber,
      since: entry.revocationDate,
    }));
    await this.#writeRevoked(authority, [
      ...revoked,
      { serialNumber, since: new Date() },
    ]);
    await Deno.rename(file, this.file(`${name}.${serialNumber}.revoked`));
    await Deno.remove(this.file(`${name}.key`)).catch(() => {});
  }

  async #makeAuthority(): Promise<void> {
    const now = Date.now();
    const authority = await makeAuthority({
      name: `MailboxQTT authority of ${hostName()}, ${
        new Date(now).toISOString().slice(0, 10)
      }`,
      from: new Date(now - DAY),
      until: new Date(now + AUTHORITY_DAYS * DAY),
    });
    await this.#write("authority", authority);
  }

  async #authority(): Promise<Issued> {
    const [certificate, key] = ["authority.crt", "authority.key"];
    if (!await exists(this.file(certificate!))) {
      throw new StartError(
        `There is no authority in ${this.#folder}: mailboxqtt tls init makes one, and --folder names another folder`,
      );
    }
    try {
      return await readIssued(
        await read(this.file(certificate!)),
        await read(this.file(key!)),
      );
    } catch (error) {
      if (error instanceof StartError) throw error;
      throw new StartError(
        `Cannot use the authority in ${this.#folder}: its certificate or its key is damaged`,
      );
    }
  }

  /** From now on, as long as asked for, but no longer than the authority is good. */
  #validity(
    { certificate }: Issued,
    days: number,
  ): { from: Date; until: Date } {
    const now = Date.now();
    // The clock of who looks at it may be behind.
    const from = new Date(now - DAY);
    const until = Math.min(
      from.getTime() + days * DAY,
      certificate.notAfter.getTime(),
    );
    return { from, until: new Date(until) };
  }

  async #write(name: string, issued: Issued): Promise<void> {
    const key = await keyPem(issued);
    await replaceFile(this.file(`${name}.key`), () => key);
    await replaceFile(
      this.file(`${name}.crt`),
      () => certificatePem(issued),
    );
    // Whoever connects needs it, and it is no secret.
    await Deno.chmod(this.file(`${name}.crt`), 0o644);
  }

  async #writeRevoked(
    authority: Issued,
    revoked: readonly { serialNumber: string; since: Date }[],
  ): Promise<void> {
    const list = await makeRevocationList(authority, revoked, {
      from: new Date(),
      until: authority.certificate.notAfter,
    });
    await replaceFile(this.file("revoked.crl"), () => list);
    await Deno.chmod(this.file("revoked.crl"), 0o644);
  }
}

/** Why a device cannot have such a name, which becomes the name of files too. */
export function deviceNameFault(name: string): string | undefined {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,99}$/.test(name)) {
    return "it may have letters, digits and - _ . @, 100 at most";
  }
  return RESERVED.includes(name)
    ? "files of that name are there for something else"
    : undefined;
}

/** The names and addresses by which this host is known, the one for people first. */
export function hostNames(): string[] {
  const name = hostName();
  const names = [name, "localhost", "127.0.0.1", "::1"];
  if (!name.includes(".") && name !== "localhost") names.push(`${name}.local`);
  try {
    for (const { address } of Deno.networkInterfaces()) {
      // Those of one link say nothing without its name.
      if (!/^fe80:/i.test(address)) names.push(address);
    }
  } catch {
    // It may not be asked for them: --name names them.
  }
  return [...new Set(names)];
}

function hostName(): string {
  try {
    return hostname();
  } catch {
    return "localhost";
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await Deno.lstat(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new StartError(`Cannot read ${file}: ${describeError(error)}`);
  }
}

async function read(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new StartError(`Cannot read ${file}: ${describeError(error)}`);
  }
}
