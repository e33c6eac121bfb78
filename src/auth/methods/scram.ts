import { randomBytes, timingSafeEqual } from "node:crypto";
import { decodeBase64 } from "../passwords/base64.ts";
import type {
  Applicant,
  AuthenticationMethod,
  Exchange,
  Identity,
  Step,
} from "./method.ts";
import type { UserEntry } from "../passwords/file.ts";
import { prepare } from "../passwords/sasl_prepare.ts";
import { hmac, type ScramKeys, sha256 } from "../passwords/scram_keys.ts";
import {
  type ClientFirst,
  parseClientFinal,
  parseClientFirst,
} from "./scram_messages.ts";
import { denied } from "./steps.ts";
import { credentialOf, type Users } from "../passwords/users.ts";

/** Its name in MQTT and elsewhere. */
export const SCRAM = "SCRAM-SHA-256";

const NONCE_BYTES = 18;

/** What a {@linkcode ScramMethod} works with. */
export interface ScramMethodOptions {
  /** The users in force. */
  readonly users: Users;
  /** Makes the server's part of a nonce. Left out, a random one. */
  readonly nonce?: () => string;
}

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): the password never travels, and the client learns that the server knows it too.
 * Without channel binding. A user name is looked up as it is sent, and then as SASLprep makes it.
 */
export class ScramMethod implements AuthenticationMethod {
  /** What clients call it. */
  readonly name: string = SCRAM;
  readonly #users: Users;
  readonly #nonce: () => string;

  /** Lets these users in. */
  constructor({ users, nonce = randomNonce }: ScramMethodOptions) {
    this.#users = users;
    this.#nonce = nonce;
  }

  /** Begins with any client. */
  begin(applicant: Applicant): Exchange {
    return new ScramExchange(this.#users, applicant, this.#nonce());
  }

  /** Whether the line of the user is still the same. */
  holds({ user, by, credential }: Identity): boolean {
    if (by !== SCRAM || user === undefined) return false;
    const entry = this.#users.find(user);
    return entry?.scram !== undefined && credentialOf(entry) === credential;
  }
}

function randomNonce(): string {
  return randomBytes(NONCE_BYTES).toString("base64");
}

/** What was said so far, and whom it is about. */
interface Begun {
  readonly first: ClientFirst;
  readonly serverFirst: string;
  readonly nonce: string;
  readonly keys: ScramKeys;
  /** The user, if it is one that has keys. */
  readonly entry: UserEntry | undefined;
}

class ScramExchange implements Exchange {
  claimed: string | undefined;
  readonly #users: Users;
  readonly #applicant: Applicant;
  readonly #nonce: string;
  #state: "new" | Begun | "over" = "new";

  constructor(users: Users, applicant: Applicant, nonce: string) {
    this.#users = users;
    this.#applicant = applicant;
    this.#nonce = nonce;
  }

  take(data: Uint8Array | undefined): Promise<Step> {
    const state = this.#state;
    this.#state = "over";
    return Promise.resolve(
      state === "new"
        ? this.#begin(data)
        : state === "over"
        ? denied("notAuthorized", "the exchange is over")
        : finish(state, data),
    );
  }

  #begin(data: Uint8Array | undefined): Step {
    const first = parseClientFirst(data);
    if ("fault" in first) return denied("notAuthorized", first.fault);
    const { userName } = this.#applicant;
    if (userName !== undefined && userName !== first.user) {
      return denied("notAuthorized", "CONNECT names another user");
    }
    const prepared = prepare(first.user) ?? first.user;
    const found = this.#users.find(first.user) ?? this.#users.find(prepared);
    this.claimed = found?.name ?? prepared;
    // Made for all, so that it takes as long for those who have their own.
    const fake = this.#users.fakeKeys(prepared);
    const entry = found?.scram === undefined ? undefined : found;
    const keys = entry?.scram ?? fake;
    const nonce = first.nonce + this.#nonce;
    const serverFirst =
      `r=${nonce},s=${keys.salt.toBase64()},i=${keys.iterations}`;
    this.#state = { first, serverFirst, nonce, keys, entry };
    return { type: "continue", data: new TextEncoder().encode(serverFirst) };
  }
}

function finish(
  { first, serverFirst, nonce, keys, entry }: Begun,
  data: Uint8Array | undefined,
): Step {
  const final = parseClientFinal(data);
  if ("fault" in final) return denied("badUserNameOrPassword", final.fault);
  if (final.nonce !== nonce) {
    return denied("badUserNameOrPassword", "its nonce is another one");
  }
  if (final.binding !== new TextEncoder().encode(first.header).toBase64()) {
    return denied("badUserNameOrPassword", "its header is another one");
  }
  const said = `${first.bare},${serverFirst},${final.withoutProof}`;
  const isRight = isProof(final.proof, hmac(keys.storedKey, said), keys);
  if (entry === undefined || !isRight) {
    return denied(
      "badUserNameOrPassword",
      entry === undefined
        ? "unknown user, or without SCRAM keys"
        : "wrong password",
    );
  }
  const identity = {
    user: entry.name,
    by: SCRAM,
    credential: credentialOf(entry),
  };
  const last = `v=${hmac(keys.serverKey, said).toBase64()}`;
  return { type: "granted", identity, data: new TextEncoder().encode(last) };
}

/** Whether the client knows the key of which the stored one is a hash. */
function isProof(
  text: string,
  signature: Uint8Array,
  { storedKey }: ScramKeys,
): boolean {
  const proof = decodeBase64(text);
  if (proof?.length !== signature.length) return false;
  const clientKey = proof.map((byte, at) => byte ^ signature[at]!);
  return timingSafeEqual(sha256(clientKey), storedKey);
}
