import { join } from "node:path";
import {
  certificatePem,
  type CertificateRequest,
  type Issued,
  keyPem,
  makeAuthority,
  makeCertificate,
  makeRevocationList,
} from "../../../src/cli/tls/make_certificates.ts";

const DAY = 86_400_000;

/** A day, counted from today. */
export function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY);
}

/** A certificate's files. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  readonly issued: Issued;
}

/** A folder with an authority and what it has signed. To be had with `using`. */
export class Certificates implements Disposable {
  /** Where the files are. */
  readonly folder: string;
  /** The authority. */
  readonly authority: Issued;
  /** The file with its certificate. */
  readonly authorityFile: string;

  private constructor(folder: string, authority: Issued) {
    this.folder = folder;
    this.authority = authority;
    this.authorityFile = join(folder, "authority.crt");
  }

  /** Makes an authority. */
  static async make(name = "Test authority"): Promise<Certificates> {
    const folder = await Deno.makeTempDir();
    const authority = await makeAuthority({
      name,
      from: inDays(-1),
      until: inDays(3650),
    });
    const made = new Certificates(folder, authority);
    await Deno.writeTextFile(made.authorityFile, certificatePem(authority));
    return made;
  }

  /** The authority's certificate (PEM). */
  get authorityPem(): string {
    return certificatePem(this.authority);
  }

  /** Makes a certificate for 127.0.0.1 and localhost. */
  server(
    name = "server",
    more: Partial<CertificateRequest> = {},
  ): Promise<CertificateFiles> {
    return this.#issue({
      name,
      purpose: "server",
      alternativeNames: [
        { type: "ip", value: "127.0.0.1" },
        { type: "dns", value: "localhost" },
      ],
      from: inDays(-1),
      until: inDays(100),
      ...more,
    });
  }

  /** Makes a certificate for a client. */
  client(
    name: string,
    more: Partial<CertificateRequest> = {},
  ): Promise<CertificateFiles> {
    return this.#issue({
      name,
      purpose: "client",
      from: inDays(-1),
      until: inDays(100),
      ...more,
    });
  }

  async #issue(request: CertificateRequest): Promise<CertificateFiles> {
    const issued = await makeCertificate(this.authority, request);
    const certificate = join(this.folder, `${request.name}.crt`);
    const key = join(this.folder, `${request.name}.key`);
    await Deno.writeTextFile(certificate, certificatePem(issued));
    await Deno.writeTextFile(key, await keyPem(issued));
    return { certificate, key, issued };
  }

  /** Makes a list that revokes these, and returns its file. */
  async revoke(
    revoked: readonly CertificateFiles[],
    { until = inDays(30) }: { until?: Date } = {},
  ): Promise<string> {
    const file = join(this.folder, "revoked.crl");
    const entries = revoked.map(({ issued: { certificate } }) => ({
      serialNumber: certificate.serialNumber,
      since: inDays(-1),
    }));
    const list = await makeRevocationList(this.authority, entries, {
      from: inDays(-2),
      until,
    });
    await Deno.writeTextFile(file, list);
    return file;
  }

  /** Writes a file into the folder, and returns its path. */
  write(name: string, text: string): string {
    const file = join(this.folder, name);
    Deno.writeTextFileSync(file, text);
    return file;
  }

  /** Removes the folder. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}
