import { decodeBase64, encodeBase64 } from "./base64.ts";

/** What all hashes have. */
export interface Salted {
  /** Goes into the hash beside the password. */
  readonly salt: Uint8Array<ArrayBuffer>;
  /** What comes out for the right password. */
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** scrypt (RFC 7914), which `mailboxqtt passwd` makes: `$scrypt$ln=14,r=8,p=1$salt$hash`. */
export interface ScryptHash extends Salted {
  /** Which kind it is. */
  readonly kind: "scrypt";
  /** The logarithm to base 2 of the cost. */
  readonly logCost: number;
  /** The block size; memory is 128 bytes times this times the cost. */
  readonly blockSize: number;
  /** How often all of it is done. */
  readonly parallelism: number;
}

/** mosquitto's hash up to version 1.6, a single SHA-512 of password and salt: `$6$salt$hash`. */
export interface Sha512Hash extends Salted {
  /** Which kind it is. */
  readonly kind: "sha512";
}

/** mosquitto's hash up to version 2.0, PBKDF2 with HMAC-SHA-512: `$7$iterations$salt$hash`. */
export interface Pbkdf2Hash extends Salted {
  /** Which kind it is. */
  readonly kind: "pbkdf2";
  /** How often the hash is repeated. */
  readonly iterations: number;
}

/** mosquitto's hash from version 2.1 on, Argon2id (RFC 9106): `$argon2id$v=19$m=47104,t=1,p=1$salt$hash`. */
export interface Argon2Hash extends Salted {
  /** Which kind it is. */
  readonly kind: "argon2id";
  /** Memory, in KiB. */
  readonly memory: number;
  /** How often all of it is gone over. */
  readonly passes: number;
  /** Lanes. */
  readonly parallelism: number;
}

/** A hash of a password, with all that is needed to make it again. */
export type PasswordHash = ScryptHash | Sha512Hash | Pbkdf2Hash | Argon2Hash;

/** What is wrong with a text, and where: `at` counts from 0. */
export interface HashFault {
  /** The place in the text. */
  readonly at: number;
  /** What is wrong, to stand behind a place: lower case, no full stop. */
  readonly message: string;
}

/** Bytes of a salt. */
const SALT = { minimum: 8, maximum: 64 };
/** Bytes of a SHA-512. */
const SHA512_BYTES = 64;
/** Bytes of other hashes. */
const HASH = { minimum: 32, maximum: 64 };

/** Blocks of 128 bytes at once: 64 MiB. */
const SCRYPT_BLOCKS = 2 ** 19;
/** Blocks in all: four times what a line takes that `mailboxqtt passwd` makes. */
const SCRYPT_WORK = 2 ** 19;
/** About a second on a small machine. */
const PBKDF2_ITERATIONS = 500_000;
/** KiB: 128 MiB. */
const ARGON2_MEMORY = 2 ** 17;
/** KiB times passes: about a second on a small machine. */
const ARGON2_WORK = 2 ** 18;
const ARGON2_LANES = 16;

/**
 * Reads a hash as it stands in a password file. What it asks for in memory and time is bounded, so that a line of a
 * file can cost 128 MiB and some seconds at most.
 */
export function parsePasswordHash(text: string): PasswordHash | HashFault {
  const [before, kind, ...parts] = text.split("$");
  if (before !== "" || kind === undefined) {
    return {
      at: 0,
      message:
        "a password in the clear is never taken: mailboxqtt passwd FILE USER puts a hash in its place",
    };
  }
  const starts: number[] = [];
  let start = kind.length + 2;
  for (const part of parts) {
    starts.push(start);
    start += part.length + 1;
  }
  const fields: Fields = { parts, starts };
  switch (kind) {
    case "scrypt":
      return parseScrypt(fields);
    case "6":
      return parseSha512(fields);
    case "7":
      return parsePbkdf2(fields);
    case "argon2id":
      return parseArgon2(fields);
    default:
      return {
        at: 1,
        message:
          "this kind of hash is not known: there are $scrypt$, and mosquitto's $7$, $6$ and $argon2id$",
      };
  }
}

/** Whether it could not be read. */
export function isHashFault(
  result: PasswordHash | HashFault,
): result is HashFault {
  return "message" in result;
}

/** A line's hash of the kind that `mailboxqtt passwd` makes. */
export function formatScrypt(hash: ScryptHash): string {
  return `$scrypt$ln=${hash.logCost},r=${hash.blockSize},p=${hash.parallelism}$${
    encodeBase64(hash.salt)
  }$${encodeBase64(hash.hash)}`;
}

/** What is the same for hashes that cost the same. */
export function hashCost(hash: PasswordHash): string {
  switch (hash.kind) {
    case "scrypt":
      return `scrypt ${hash.logCost} ${hash.blockSize} ${hash.parallelism}`;
    case "sha512":
      return "sha512";
    case "pbkdf2":
      return `pbkdf2 ${hash.iterations}`;
    case "argon2id":
      return `argon2id ${hash.memory} ${hash.passes} ${hash.parallelism}`;
  }
}

/** What stands between the dollar signs behind the kind of a hash, and where each begins in the whole. */
interface Fields {
  readonly parts: readonly string[];
  readonly starts: readonly number[];
}

function parseScrypt(fields: Fields): PasswordHash | HashFault {
  const form = "$scrypt$ln=14,r=8,p=1$salt$hash";
  const wrong = wrongCount(fields, 3, form);
  if (wrong !== undefined) return wrong;
  const numbers = /^ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})$/.exec(
    fields.parts[0]!,
  );
  if (numbers === null) return badForm(fields.starts[0]!, form);
  const [logCost, blockSize, parallelism] = numbers.slice(1).map(Number) as [
    number,
    number,
    number,
  ];
  const blocks = 2 ** logCost * blockSize;
  if (logCost < 10 || blockSize < 1 || parallelism < 1) {
    return {
      at: fields.starts[0]!,
      message: "this costs too little: ln is 10 or more, r and p 1 or more",
    };
  }
  if (blocks > SCRYPT_BLOCKS || blocks * parallelism > SCRYPT_WORK) {
    return {
      at: fields.starts[0]!,
      message: `this costs too much: 2^ln * r * p is ${SCRYPT_WORK} at most`,
    };
  }
  const salted = parseSalted(fields, 1, HASH);
  if ("message" in salted) return salted;
  return { kind: "scrypt", logCost, blockSize, parallelism, ...salted };
}

function parseSha512(fields: Fields): PasswordHash | HashFault {
  const wrong = wrongCount(fields, 2, "$6$salt$hash");
  if (wrong !== undefined) return wrong;
  const salted = parseSalted(fields, 0, SHA512);
  return "message" in salted ? salted : { kind: "sha512", ...salted };
}

function parsePbkdf2(fields: Fields): PasswordHash | HashFault {
  const form = "$7$iterations$salt$hash";
  const wrong = wrongCount(fields, 3, form);
  if (wrong !== undefined) return wrong;
  const [text] = fields.parts;
  if (!/^\d{1,9}$/.test(text!)) return badForm(fields.starts[0]!, form);
  const iterations = Number(text);
  if (iterations < 1 || iterations > PBKDF2_ITERATIONS) {
    return {
      at: fields.starts[0]!,
      message: `iterations are 1 to ${PBKDF2_ITERATIONS}`,
    };
  }
  const salted = parseSalted(fields, 1, SHA512);
  return "message" in salted
    ? salted
    : { kind: "pbkdf2", iterations, ...salted };
}

function parseArgon2(fields: Fields): PasswordHash | HashFault {
  const form = "$argon2id$v=19$m=47104,t=1,p=1$salt$hash";
  const wrong = wrongCount(fields, 4, form);
  if (wrong !== undefined) return wrong;
  const [version, costs] = fields.parts;
  if (version !== "v=19") return badForm(fields.starts[0]!, form);
  const numbers = /^m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,3})$/.exec(costs!);
  const at = fields.starts[1]!;
  if (numbers === null) return badForm(at, form);
  const [memory, passes, parallelism] = numbers.slice(1).map(Number) as [
    number,
    number,
    number,
  ];
  if (passes < 1 || parallelism < 1 || memory < 8 * parallelism) {
    return {
      at,
      message: "this is no Argon2: t and p are 1 or more, m is 8 * p or more",
    };
  }
  if (
    memory > ARGON2_MEMORY || memory * passes > ARGON2_WORK ||
    parallelism > ARGON2_LANES
  ) {
    return {
      at,
      message:
        `this costs too much: m is ${ARGON2_MEMORY} at most, m * t ${ARGON2_WORK}, p ${ARGON2_LANES}`,
    };
  }
  const salted = parseSalted(fields, 2, HASH);
  if ("message" in salted) return salted;
  return { kind: "argon2id", memory, passes, parallelism, ...salted };
}

const SHA512 = { minimum: SHA512_BYTES, maximum: SHA512_BYTES };

/** Reads salt and hash. A hash cut short must never match, so its length is checked here once and for all. */
function parseSalted(
  { parts, starts }: Fields,
  from: number,
  hashBytes: { readonly minimum: number; readonly maximum: number },
): Salted | HashFault {
  const salt = decodeBase64(parts[from]!);
  if (salt === undefined || !isWithin(salt.length, SALT)) {
    return {
      at: starts[from]!,
      message:
        `the salt is no base64 of ${SALT.minimum} to ${SALT.maximum} bytes`,
    };
  }
  const hash = decodeBase64(parts[from + 1]!);
  if (hash === undefined || !isWithin(hash.length, hashBytes)) {
    const { minimum, maximum } = hashBytes;
    const size = minimum === maximum ? minimum : `${minimum} to ${maximum}`;
    return {
      at: starts[from + 1]!,
      message: `the hash is no base64 of ${size} bytes`,
    };
  }
  return { salt, hash };
}

function isWithin(
  value: number,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): boolean {
  return value >= minimum && value <= maximum;
}

function wrongCount(
  { parts, starts }: Fields,
  count: number,
  form: string,
): HashFault | undefined {
  return parts.length === count ? undefined : badForm(starts[0] ?? 0, form);
}

function badForm(at: number, form: string): HashFault {
  return { at, message: `this kind of hash is written ${form}` };
}
