// How a client proves who it is: the interface of an authentication method. Read this file, then ../authentication.ts
// (the methods of one listener), the methods beside this file, ../passwords/file.ts (the users they know),
// ../passwords/verifier.ts (hashing off the event loop) and ../throttle/login_throttle.ts (repeated failures).

import type { PeerCertificate } from "../../transport/transport.ts";

/** A client that wants to come in: what its CONNECT says, and where it comes from. */
export interface Applicant {
  /** The client identifier; the empty one where it asks for one to be assigned. */
  readonly clientId: string;
  /** The user name of CONNECT, if it has one. */
  readonly userName: string | undefined;
  /** The password of CONNECT, if it has one; a copy that outlives the read buffer. */
  readonly password: Uint8Array | undefined;
  /** The address it comes from, without the port; behind a proxy the one that the proxy named. */
  readonly address: string;
  /** The certificate that it showed and that was found good, where its transport has such. */
  readonly certificate: PeerCertificate | undefined;
}

/** Who a client was found to be. */
export interface Identity {
  /** The user; `undefined` for an anonymous client. */
  readonly user: string | undefined;
  /** How it showed that: the words for the log, such as `password` or `SCRAM-SHA-256`. */
  readonly by: string;
  /**
   * What it was let in with, without secrets in the clear: a line of a password file, a certificate's fingerprint. When
   * the settings are loaded anew, a client whose credential holds no more is ended.
   */
  readonly credential: string;
}

/** Why a client is not let in. */
export interface Denial {
  /**
   * `notAuthorized`: who it is is known, or does not matter, and it may not come in. `banned`: for now, after failures.
   * `busy`: for now, since too many others wait to be let in.
   */
  readonly cause:
    | "badUserNameOrPassword"
    | "notAuthorized"
    | "banned"
    | "busy";
  /** For the log, never for the client: it says more than somebody who guesses should know. No password is in it. */
  readonly detail: string;
}

/** What comes of one step of an {@linkcode Exchange}. */
export type Step =
  /** The client is to go on with these data (AUTH with reason code 0x18). */
  | { readonly type: "continue"; readonly data: Uint8Array }
  /** The client is who it says; `data` go to it with CONNACK or AUTH, where the method has a last word. */
  | {
    readonly type: "granted";
    readonly identity: Identity;
    readonly data?: Uint8Array;
  }
  /** It is not let in. */
  | { readonly type: "denied"; readonly denial: Denial };

/** One client's authentication under way. */
export interface Exchange {
  /**
   * The user that the client says it is, once it has said so, where it has something to show yet that could be guessed.
   * Failures of such an exchange are damped.
   */
  readonly claimed?: string | undefined;
  /**
   * Takes what the client says: first the Authentication Data of its CONNECT (or of the AUTH with 0x19 that begins a
   * re-authentication), then of each AUTH. Never rejects for what a client sends. The data are copies.
   */
  take(data: Uint8Array | undefined): Promise<Step>;
}

/** One way to find out who a client is (4.12 where it has a name). */
export interface AuthenticationMethod {
  /** The Authentication Method of MQTT 5.0 [3.1.2.11.9]; `undefined` for one that needs what CONNECT says alone. */
  readonly name: string | undefined;
  /** Begins with this client; `undefined` where the method has nothing to go by: no user name, no certificate. */
  begin(applicant: Applicant): Exchange | undefined;
  /** Whether what a client was let in with by this method still holds. */
  holds(identity: Identity): boolean;
}

/** Finds out who the clients of a listener are. */
export interface Authenticator {
  /**
   * Begins with a client that names this Authentication Method of MQTT 5.0, or none; `undefined` where there is no such
   * method.
   */
  begin(applicant: Applicant, method: string | undefined): Exchange | undefined;
  /** Whether what a client was let in with still holds. */
  holds(identity: Identity): boolean;
}
