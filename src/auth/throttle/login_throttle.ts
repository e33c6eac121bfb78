import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { LimitedLog } from "../../core/limited_log.ts";
import type { Timers } from "../../core/timer_wheel.ts";
import { addressKey, isLocal } from "./address_key.ts";
import { type BanRules, FailureTable } from "./failure_table.ts";
import { sha256 } from "../passwords/scram_keys.ts";

/** Somebody who says to be a user. */
export interface Claim {
  /** The address it comes from. */
  readonly address: string;
  /** The client identifier it gives. */
  readonly clientId: string;
  /** The user it says to be. */
  readonly user: string;
}

/** What was counted. */
export interface LoginThrottleCounts {
  /** Logins that failed for a wrong user name or password. */
  failures: number;
  /** Bans that began. */
  bans: number;
  /** Logins refused during a ban, without a look at what they brought. */
  refused: number;
}

/** What a {@linkcode LoginThrottle} works with. */
export interface LoginThrottleOptions {
  /** Where a ban is told. */
  readonly log: Log;
  /** The time. */
  readonly clock: Clock;
  /** Call when a line for the log is due. */
  readonly timers: Timers;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** One user at one address: a device with a wrong password locks out itself and nobody beside it. */
const PAIR: BanRules = {
  failures: 5,
  firstBan: 30 * SECOND,
  longestBan: 15 * MINUTE,
};
/** All users at one address: somebody who tries them all. */
const ADDRESS: BanRules = {
  failures: 30,
  firstBan: MINUTE,
  longestBan: 60 * MINUTE,
};
/** One user at all addresses. Short, since anybody in the world can bring this about for anybody else. */
const USER: BanRules = {
  failures: 50,
  firstBan: 30 * SECOND,
  longestBan: 5 * MINUTE,
};
/** One user on this machine, where also everybody is who comes through a proxy that says nothing of them. */
const LOCAL: BanRules = {
  failures: 50,
  firstBan: 10 * SECOND,
  longestBan: MINUTE,
};

/** Clients remembered that have shown who they are. */
const KNOWN = 4096;
/** Milliseconds for which they are. */
const KNOWN_FOR = 7 * 24 * 60 * MINUTE;

/** Milliseconds that an answer takes longer after a second failure; twice that after a third, and so on. */
const FIRST_DELAY = 250;
const LONGEST_DELAY = 5 * SECOND;

/** Characters of a name that the log shows. */
const LONGEST_SHOWN = 100;

/** A key that takes little memory, however long the names in it are. */
function keyOf(...parts: readonly string[]): string {
  const key = JSON.stringify(parts);
  return key.length <= 128 ? key : sha256(key).toBase64();
}

/**
 * Slows down who guesses passwords: first by answering late, then by refusing for a while that grows. Failures are
 * counted for a user at an address, for the address, and for the user, so that neither one machine nor many can go on.
 *
 * Nobody with the right password stays locked out by what others do. Who has logged in from an address, under a client
 * identifier, within the last week is counted by itself alone: guesses of others behind the same address, or of this
 * user's password from anywhere, do not touch it. Who has not can log in once a ban is over; what is tried during a ban
 * does not prolong it. A success takes back the failures of that user at that address, and no others: who has one
 * account cannot use it to go on guessing at another.
 */
export class LoginThrottle {
  /** What was counted since the start. */
  readonly counts: LoginThrottleCounts = { failures: 0, bans: 0, refused: 0 };
  readonly #clock: Clock;
  readonly #pairs = new FailureTable(PAIR);
  readonly #known = new FailureTable(PAIR);
  readonly #local = new FailureTable(LOCAL);
  readonly #addresses = new FailureTable(ADDRESS);
  readonly #users = new FailureTable(USER);
  /** Who has logged in, and until when that counts, which is also the order. */
  readonly #successes = new Map<string, number>();
  readonly #addressLog: LimitedLog;
  readonly #userLog: LimitedLog;

  /** Has seen nobody yet. */
  constructor({ log, clock, timers }: LoginThrottleOptions) {
    this.#clock = clock;
    const options = { log, clock, timers };
    this.#addressLog = new LimitedLog("Refusing logins after failures", {
      ...options,
      subject: "address",
    });
    this.#userLog = new LimitedLog(
      "Refusing logins of a user from new addresses after failures",
      { ...options, subject: "user" },
    );
  }

  /** Milliseconds for which this one is refused, 0 if it is not. Counts nothing. */
  bannedFor(claim: Claim): number {
    const now = this.#clock.monotonic();
    const { address, pair, client, user } = keysOf(claim);
    if (this.#isKnown(client, now)) return this.#known.bannedFor(client, now);
    if (isLocal(claim.address)) return this.#local.bannedFor(pair, now);
    return Math.max(
      this.#pairs.bannedFor(pair, now),
      this.#addresses.bannedFor(address, now),
      this.#users.bannedFor(user, now),
    );
  }

  /** Counts a login that was refused for a ban. */
  refused(): void {
    this.counts.refused += 1;
  }

  /** Counts a failure, and returns by how many milliseconds its answer is to be late. */
  failed(claim: Claim): number {
    this.counts.failures += 1;
    const now = this.#clock.monotonic();
    const { address, pair, client, user } = keysOf(claim);
    if (this.#isKnown(client, now)) {
      return this.#count(claim, this.#known.fail(client, user, now));
    }
    if (isLocal(claim.address)) {
      return this.#count(claim, this.#local.fail(pair, user, now));
    }
    const ofPair = this.#pairs.fail(pair, user, now);
    // A device that was told a wrong password goes on for ever. Only what it did before its first ban counts for others.
    if (ofPair.again) return this.#count(claim, ofPair);
    const ofUser = this.#users.fail(user, user, now);
    if (ofUser.ban > 0) {
      this.counts.bans += 1;
      const seconds = ofUser.ban / SECOND;
      const { address } = claim;
      this.#userLog.note(shown(claim.user), 1, { address, seconds });
    }
    // A new password of one user is no reason to forget what was done at an address.
    const ofAddress = this.#addresses.fail(address, "", now);
    return this.#count(claim, {
      failures: Math.max(ofPair.failures, ofAddress.failures / 4),
      ban: Math.max(ofAddress.ban, ofPair.ban),
    });
  }

  /** Notes a success. */
  succeeded(claim: Claim): void {
    const now = this.#clock.monotonic();
    const { address, pair, client, user } = keysOf(claim);
    if (this.#isKnown(client, now)) this.#known.reset(client);
    else if (isLocal(claim.address)) this.#local.reset(pair);
    else {
      const failures = this.#pairs.reset(pair);
      this.#addresses.takeBack(address, failures);
      this.#users.takeBack(user, failures);
    }
    this.#successes.delete(client);
    this.#successes.set(client, now + KNOWN_FOR);
    if (this.#successes.size > KNOWN) {
      const [oldest] = this.#successes.keys();
      this.#successes.delete(oldest!);
    }
  }

  /** Forgets what these users did wrong: their passwords have changed. */
  forget(users: readonly string[]): void {
    const set = new Set(users.map((user) => keyOf(user)));
    for (
      const table of [this.#pairs, this.#known, this.#local, this.#users]
    ) table.forget(set);
  }

  #isKnown(client: string, now: number): boolean {
    return (this.#successes.get(client) ?? 0) > now;
  }

  #count(
    { address, user }: Claim,
    { failures, ban }: { failures: number; ban: number },
  ): number {
    if (ban > 0) {
      this.counts.bans += 1;
      this.#addressLog.note(address, 1, {
        user: shown(user),
        seconds: ban / SECOND,
      });
    }
    return delayAfter(failures);
  }
}

function keysOf({ address, clientId, user }: Claim) {
  const place = addressKey(address);
  return {
    address: place,
    pair: keyOf(place, user),
    client: keyOf(place, user, clientId),
    user: keyOf(user),
  };
}

/** A name for the log: whoever guesses may give one of 64 KiB. */
function shown(name: string): string {
  return name.length <= LONGEST_SHOWN
    ? name
    : `${name.slice(0, LONGEST_SHOWN)}...`;
}

function delayAfter(failures: number): number {
  if (failures < 2) return 0;
  const delay = FIRST_DELAY * 2 ** Math.min(failures - 2, 10);
  return Math.min(LONGEST_DELAY, Math.floor(delay));
}
