import {
  createHash,
  pbkdf2,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from "node:crypto";
import { promisify } from "node:util";
import type { Argon2Thread } from "./argon2_thread.ts";
import type { PasswordHash, ScryptHash } from "./hash.ts";

/** What a new hash costs: 16 MiB, and about 60 ms on a PC or a quarter of a second on a Raspberry Pi 4. */
const NEW = { logCost: 14, blockSize: 8, parallelism: 1 } as const;
const NEW_BYTES = 32;
const NEW_SALT_BYTES = 16;

const derivePbkdf2 = promisify(pbkdf2);

type ScryptCost = Pick<ScryptHash, "logCost" | "blockSize" | "parallelism">;

function deriveScrypt(
  password: Uint8Array,
  salt: Uint8Array,
  bytes: number,
  { logCost, blockSize, parallelism }: ScryptCost,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const options = {
    N: 2 ** logCost,
    r: blockSize,
    p: parallelism,
    // What it takes, and as much again for what an implementation adds.
    maxmem: 256 * (2 ** logCost + parallelism) * blockSize,
  };
  scrypt(password, salt, bytes, options, (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}

/**
 * Whether a password is the one of which a hash was made. The empty one never is. All but the very cheap is done outside
 * the event loop.
 */
export async function isPassword(
  password: Uint8Array,
  hash: PasswordHash,
  argon2: Argon2Thread,
): Promise<boolean> {
  const isEmpty = password.length === 0;
  // It costs as much all the same. Argon2 is not to be had of nothing.
  const derived = await derive(
    isEmpty ? new Uint8Array(1) : password,
    hash,
    argon2,
  );
  return !isEmpty && derived.length === hash.hash.length &&
    timingSafeEqual(derived, hash.hash);
}

function derive(
  password: Uint8Array,
  hash: PasswordHash,
  argon2: Argon2Thread,
): Promise<Uint8Array> {
  const { salt } = hash;
  const bytes = hash.hash.length;
  switch (hash.kind) {
    case "scrypt":
      return deriveScrypt(password, salt, bytes, hash);
    case "sha512":
      return Promise.resolve(
        createHash("sha512").update(password).update(salt).digest(),
      );
    case "pbkdf2":
      return derivePbkdf2(password, salt, hash.iterations, bytes, "sha512");
    case "argon2id": {
      const { memory, passes, parallelism } = hash;
      return argon2.hash({
        password,
        salt,
        bytes,
        memory,
        passes,
        parallelism,
      });
    }
  }
}

/** Makes a hash of a password, to be kept in a password file. */
export async function makeHash(password: Uint8Array): Promise<ScryptHash> {
  const salt = new Uint8Array(randomBytes(NEW_SALT_BYTES));
  const key = await deriveScrypt(password, salt, NEW_BYTES, NEW);
  return { kind: "scrypt", ...NEW, salt, hash: new Uint8Array(key) };
}

/** A hash that no password has, and that costs as much as another one: one of the kind that `mailboxqtt passwd` makes, without that. */
export function dummyHash(like?: PasswordHash): PasswordHash {
  const salt = new Uint8Array(randomBytes(like?.salt.length ?? NEW_SALT_BYTES));
  const hash = new Uint8Array(randomBytes(like?.hash.length ?? NEW_BYTES));
  return like === undefined
    ? { kind: "scrypt", ...NEW, salt, hash }
    : { ...like, salt, hash };
}
