import { randomBytes } from "node:crypto";
import { dummyHash } from "./derive_hash.ts";
import { hashCost, type PasswordHash } from "./hash.ts";
import type { PasswordFile, UserEntry } from "./file.ts";
import {
  hmac,
  SCRAM_ITERATIONS,
  SCRAM_SALT_BYTES,
  type ScramKeys,
  sha256,
} from "./scram_keys.ts";

/** The users of a password file that is in force, and what stands in for those that are not in it. */
export class Users {
  readonly #entries: ReadonlyMap<string, UserEntry>;
  readonly #dummy: PasswordHash;
  readonly #fakeSecret: Uint8Array;
  readonly #fakeIterations: number;

  /** Takes what a file says. Faults in it are for the caller to judge. */
  constructor({ entries }: Pick<PasswordFile, "entries">) {
    this.#entries = entries;
    const all = [...entries.values()];
    const usual = mostUsual(all.map(({ hash }) => hash), hashCost);
    this.#dummy = dummyHash(usual);
    const keys = all.flatMap(({ scram }) => scram === undefined ? [] : [scram]);
    this.#fakeIterations =
      mostUsual(keys, ({ iterations }) => String(iterations))?.iterations ??
        SCRAM_ITERATIONS;
    this.#fakeSecret = fakeSecret(all);
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The user of this name. */
  find(name: string): UserEntry | undefined {
    return this.#entries.get(name);
  }

  /** The hash to hold the password of an unknown user against: it costs what most of the file's do. */
  get dummy(): PasswordHash {
    return this.#dummy;
  }

  /** Keys for a user that has none, and always the same salt for the same name: nobody can tell them from real ones. */
  fakeKeys(name: string): ScramKeys {
    const digest = hmac(this.#fakeSecret, name);
    return {
      salt: digest.slice(0, SCRAM_SALT_BYTES),
      iterations: this.#fakeIterations,
      storedKey: hmac(digest, "stored"),
      serverKey: hmac(digest, "server"),
    };
  }

  /** Users that cannot log in with SCRAM-SHA-256, in the order of the file. */
  usersWithoutScram(): string[] {
    return [...this.#entries.values()]
      .filter(({ scram }) => scram === undefined)
      .map(({ name }) => name);
  }

  /** Whose password is another one there, or who is not there any more. */
  changed(other: Users): string[] {
    return [...this.#entries.values()]
      .filter(({ name, text }) => other.find(name)?.text !== text)
      .map(({ name }) => name);
  }
}

/** What stands for a line of a password file in an identity: it tells nothing, and is another one once the line has changed. */
export function credentialOf({ name, text }: UserEntry): string {
  return sha256(`${name}:${text}`).toBase64();
}

/** One of those that are most frequent by what is told apart, the first in case of doubt. */
function mostUsual<T>(
  all: readonly T[],
  tell: (one: T) => string,
): T | undefined {
  const groups = Map.groupBy(all, tell);
  let usual: readonly T[] = [];
  for (const group of groups.values()) {
    if (group.length > usual.length) usual = group;
  }
  return usual[0];
}

/**
 * What salts are made up with. A real salt is still the same after a start, so a made-up one must be too; what is secret
 * and as lasting are the lines of the users that have keys. No user knows the hash in its own.
 */
function fakeSecret(all: readonly UserEntry[]): Uint8Array {
  const lines = all.flatMap(({ scram, text }) =>
    scram === undefined ? [] : [text]
  );
  return lines.length === 0
    ? randomBytes(32)
    : sha256(`made-up salts\n${lines.sort().join("\n")}`);
}
