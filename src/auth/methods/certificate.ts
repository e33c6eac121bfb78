import type { PeerCertificate } from "../../transport/transport.ts";
import type {
  Applicant,
  AuthenticationMethod,
  Exchange,
  Identity,
  Step,
} from "./method.ts";
import { LONGEST_NAME } from "../passwords/file.ts";
import { denied, granted, settled } from "./steps.ts";

/** Where in a certificate the user's name is: its Common Name, or the only alternative name of a kind. */
export const CERTIFICATE_IDENTITIES = [
  "cn",
  "san-dns",
  "san-uri",
  "san-email",
] as const;

/** One of {@linkcode CERTIFICATE_IDENTITIES}. */
export type CertificateIdentity = typeof CERTIFICATE_IDENTITIES[number];

/** How alternative names of each kind begin. */
const PREFIXES = {
  "san-dns": "DNS:",
  "san-uri": "URI:",
  "san-email": "email:",
} as const;

const BY = "certificate";

/** The name of the user that a certificate speaks for, or why it speaks for none. */
export function certificateUser(
  { commonName, alternativeNames }: PeerCertificate,
  identity: CertificateIdentity,
): { readonly user: string } | { readonly fault: string } {
  let name: string | undefined;
  if (identity === "cn") {
    if (commonName === undefined) {
      return { fault: "the certificate has no Common Name" };
    }
    name = commonName;
  } else {
    const prefix = PREFIXES[identity];
    const found = alternativeNames.filter((one) => one.startsWith(prefix));
    if (found.length !== 1) {
      const count = found.length === 0
        ? "no alternative name"
        : "several alternative names";
      return { fault: `the certificate has ${count} of the kind ${prefix}` };
    }
    name = found[0]!.slice(prefix.length);
    // Names are shown in quotes where they hold what could be taken for the end of one.
    if (name.startsWith('"')) {
      return { fault: `the certificate's ${prefix} name has odd characters` };
    }
  }
  // deno-lint-ignore no-control-regex -- to find them is what it is for
  const isOdd = /[\u0000-\u001F\u007F-\u009F]/.test(name) ||
    !name.isWellFormed();
  if (name === "" || isOdd || name.length > LONGEST_NAME) {
    return {
      fault:
        "the certificate's name is empty, too long or has control characters",
    };
  }
  return { user: name };
}

/** The certificate says who the client is, whatever else its CONNECT says. */
export class CertificateMethod implements AuthenticationMethod {
  /** It needs nothing but the certificate. */
  readonly name: undefined = undefined;
  readonly #identity: CertificateIdentity;

  /** Takes names from where `identity` says. */
  constructor(identity: CertificateIdentity) {
    this.#identity = identity;
  }

  /** Begins with a client that has shown a certificate. */
  begin({ certificate }: Applicant): Exchange | undefined {
    if (certificate === undefined) return undefined;
    const found = certificateUser(certificate, this.#identity);
    return "fault" in found
      ? settled(denied("notAuthorized", found.fault))
      : granted({
        user: found.user,
        by: BY,
        credential: this.#credential(certificate),
      });
  }

  /** Whether a certificate still speaks for this user. Whether it has been revoked is the listener's to say. */
  holds({ by, credential }: Identity): boolean {
    return by === BY && credential.startsWith(`${this.#identity} `);
  }

  #credential({ fingerprint }: PeerCertificate): string {
    return `${this.#identity} ${fingerprint}`;
  }
}

/** Another method that counts only together with a certificate for the same user. */
export class WithCertificate implements AuthenticationMethod {
  /** That of the other method. */
  readonly name: string | undefined;
  readonly #identity: CertificateIdentity;
  readonly #method: AuthenticationMethod;

  /** Asks for both. */
  constructor(identity: CertificateIdentity, method: AuthenticationMethod) {
    this.name = method.name;
    this.#identity = identity;
    this.#method = method;
  }

  /** Begins with the other method, where there is a certificate. Without a user name the certificate's counts. */
  begin(applicant: Applicant): Exchange | undefined {
    const { certificate } = applicant;
    if (certificate === undefined) {
      return applicant.userName === undefined
        ? undefined
        : settled(denied("notAuthorized", "it shows no certificate"));
    }
    const found = certificateUser(certificate, this.#identity);
    if ("fault" in found) return settled(denied("notAuthorized", found.fault));
    const { user } = found;
    if ((applicant.userName ?? user) !== user) {
      return settled(denied("notAuthorized", OTHER_USER));
    }
    const exchange = this.#method.begin({ ...applicant, userName: user });
    if (exchange === undefined) return undefined;
    const join = (step: Step): Step => {
      if (step.type !== "granted") return step;
      const { identity } = step;
      if (identity.user !== user) return denied("notAuthorized", OTHER_USER);
      const by = `${BY} and ${identity.by}`;
      const shown = `${this.#identity} ${certificate.fingerprint}`;
      const credential = `${shown} ${identity.credential}`;
      return { ...step, identity: { user, by, credential } };
    };
    return {
      get claimed() {
        return exchange.claimed;
      },
      take: async (data) => join(await exchange.take(data)),
    };
  }

  /** Whether both still hold. */
  holds({ user, by, credential }: Identity): boolean {
    const [identity, _fingerprint, ...rest] = credential.split(" ");
    return by.startsWith(`${BY} and `) && identity === this.#identity &&
      this.#method.holds({
        user,
        by: by.slice(`${BY} and `.length),
        credential: rest.join(" "),
      });
  }
}

const OTHER_USER = "the certificate is another user's";
