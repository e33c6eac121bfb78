import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { HashFault } from "./hash.ts";
import { prepare } from "./sasl_prepare.ts";

/** What a server keeps of a password to do SCRAM-SHA-256 with it (RFC 5802, section 3). */
export interface ScramKeys {
  /** Goes into the salted password; the client is told. */
  readonly salt: Uint8Array<ArrayBuffer>;
  /** How often the client repeats the hash. */
  readonly iterations: number;
  /** What the client's proof is held against. */
  readonly storedKey: Uint8Array<ArrayBuffer>;
  /** What the server shows that it knows. */
  readonly serverKey: Uint8Array<ArrayBuffer>;
}

/** Iterations of new keys: each login costs the client this much, a second or two on the smallest devices. */
export const SCRAM_ITERATIONS = 16_384;

/** Bytes of a salt made here. All of one length: a made-up one must look like them. */
export const SCRAM_SALT_BYTES = 16;

/** Bytes of a SHA-256. */
const KEY_BYTES = 32;

/** What RFC 7677 asks for at least, and what a client may still do in reasonable time. */
const ITERATIONS = { minimum: 4096, maximum: 1_000_000 };

const FORM = "$scram-sha-256$i=16384$salt$storedKey$serverKey";

const derive = promisify(pbkdf2);

/** HMAC-SHA-256. */
export function hmac(
  key: Uint8Array,
  data: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHmac("sha256", key).update(data).digest());
}

/** SHA-256. */
export function sha256(data: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(data).digest());
}

/** Makes keys of a password. It is normalised as the clients do it, and taken as it is where that is not possible. */
export async function makeScramKeys(
  password: string,
  {
    iterations = SCRAM_ITERATIONS,
    salt = new Uint8Array(randomBytes(SCRAM_SALT_BYTES)),
  }: { iterations?: number; salt?: Uint8Array<ArrayBuffer> } = {},
): Promise<ScramKeys> {
  const salted = await derive(
    prepare(password) ?? password,
    salt,
    iterations,
    KEY_BYTES,
    "sha256",
  );
  return {
    salt,
    iterations,
    storedKey: sha256(hmac(salted, "Client Key")),
    serverKey: hmac(salted, "Server Key"),
  };
}

/** How keys are written in a password file. */
export function formatScramKeys(keys: ScramKeys): string {
  const parts = [keys.salt, keys.storedKey, keys.serverKey].map(encodeBase64);
  return `$scram-sha-256$i=${keys.iterations}$${parts.join("$")}`;
}

/** Reads keys as they stand in a password file. */
export function parseScramKeys(text: string): ScramKeys | HashFault {
  const [before, kind, count, ...parts] = text.split("$");
  if (
    before !== "" || kind !== "scram-sha-256" || count === undefined ||
    parts.length !== 3
  ) return { at: 0, message: `behind a hash there may only be ${FORM}` };
  const iterations = Number(/^i=(\d{1,7})$/.exec(count)?.[1] ?? Number.NaN);
  const { minimum, maximum } = ITERATIONS;
  if (!(iterations >= minimum && iterations <= maximum)) {
    return {
      at: kind.length + 2,
      message: `iterations are written i=${minimum} to i=${maximum}`,
    };
  }
  const at = kind.length + count.length + 3;
  const [salt, storedKey, serverKey] = parts.map(decodeBase64);
  if (salt === undefined || salt.length < 8 || salt.length > 64) {
    return { at, message: "the salt is no base64 of 8 to 64 bytes" };
  }
  if (storedKey?.length !== KEY_BYTES || serverKey?.length !== KEY_BYTES) {
    return {
      at: at + parts[0]!.length + 1,
      message: `the keys are no base64 of ${KEY_BYTES} bytes each`,
    };
  }
  return { salt, iterations, storedKey, serverKey };
}
