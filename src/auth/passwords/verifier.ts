import { createHmac, randomBytes } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import type { Timers } from "../../core/timer_wheel.ts";
import { Argon2Thread } from "./argon2_thread.ts";
import { isPassword } from "./derive_hash.ts";
import { FairQueue } from "./fair_queue.ts";
import type { UserEntry } from "./file.ts";
import type { PasswordHash } from "./hash.ts";

/** A password to look at. */
export interface PasswordQuestion {
  /** The user's name as the client gave it. */
  readonly name: string;
  /** The user; `undefined` for an unknown one, whose password is never right but costs as much. */
  readonly entry: UserEntry | undefined;
  /** What the password of an unknown user is held against. */
  readonly dummy: PasswordHash;
  /** What the client says it is. */
  readonly password: Uint8Array;
  /** Where the question comes from: each such place has its turn. */
  readonly asker: string;
  /** Asked when its turn has come: whether the answer is still of use. */
  readonly wanted: () => boolean;
}

/** What comes of it: `busy` where too many wait already, `unwanted` where it was not of use any more. */
export type PasswordAnswer = "right" | "wrong" | "busy" | "unwanted";

/** What a {@linkcode PasswordVerifier} works with. */
export interface PasswordVerifierOptions {
  /** The time, for what is remembered. */
  readonly clock: Clock;
  /** Tell when a thread has been idle. */
  readonly timers: Timers;
  /** Passwords looked at at the same time. Default 2: each takes 16 MiB and a core. */
  readonly atOnce?: number;
}

/** Milliseconds for which a right password is remembered. */
const REMEMBERED = 60_000;
/** Right passwords remembered. */
const MOST_REMEMBERED = 10_000;
/** Passwords that may wait to be looked at, overall and of one asker. */
const QUEUE = { most: 2048, mostOfOne: 1024 };

interface Pending {
  readonly wanted: (() => boolean)[];
  readonly answer: Promise<PasswordAnswer>;
}

/**
 * Looks at passwords: outside the event loop, a few at a time, each asker in turn. A right one is remembered for a
 * minute as a digest with a key that only this process has, and the same one asked at the same time is worked out once:
 * a thousand clients of one user that come back cost one hash.
 */
export class PasswordVerifier {
  readonly #clock: Clock;
  readonly #queue: FairQueue;
  readonly #argon2: Argon2Thread;
  readonly #key = randomBytes(32);
  /** Digests, and when they are forgotten, which is also their order. */
  readonly #right = new Map<string, number>();
  readonly #pending = new Map<string, Pending>();

  /** Has looked at nothing yet. */
  constructor({ clock, timers, atOnce = 2 }: PasswordVerifierOptions) {
    this.#clock = clock;
    this.#queue = new FairQueue({ atOnce, ...QUEUE });
    this.#argon2 = new Argon2Thread(timers);
  }

  /** Says whether a password is right. Rejects where the hash cannot be worked out at all. */
  verify(question: PasswordQuestion): Promise<PasswordAnswer> {
    const digest = this.#digest(question);
    const until = this.#right.get(digest);
    if (until !== undefined && this.#clock.monotonic() < until) {
      return Promise.resolve("right");
    }
    const pending = this.#pending.get(digest);
    if (pending !== undefined) {
      pending.wanted.push(question.wanted);
      return pending.answer;
    }
    const wanted = [question.wanted];
    const answer = this.#queue.run(
      question.asker,
      () => this.#look(question, digest, wanted),
    );
    if (answer === undefined) return Promise.resolve("busy");
    this.#pending.set(digest, { wanted, answer });
    return answer;
  }

  /** Ends the thread, if there is one. */
  close(): void {
    this.#argon2.close();
  }

  async #look(
    { entry, dummy, password }: PasswordQuestion,
    digest: string,
    wanted: readonly (() => boolean)[],
  ): Promise<PasswordAnswer> {
    try {
      if (!wanted.some((isWanted) => isWanted())) return "unwanted";
      const hash = entry?.hash ?? dummy;
      const isRight = await isPassword(password, hash, this.#argon2);
      if (!isRight || entry === undefined) return "wrong";
      this.#remember(digest);
      return "right";
    } finally {
      this.#pending.delete(digest);
    }
  }

  #remember(digest: string): void {
    const now = this.#clock.monotonic();
    for (const [old, until] of this.#right) {
      if (now < until && this.#right.size < MOST_REMEMBERED) break;
      this.#right.delete(old);
    }
    this.#right.delete(digest);
    this.#right.set(digest, now + REMEMBERED);
  }

  /** The line of the file goes into it: a password that has changed is another question. */
  #digest({ name, entry, password }: PasswordQuestion): string {
    const text = entry?.text ?? "";
    const lengths = `${name.length} ${text.length} ${entry !== undefined}`;
    return createHmac("sha256", this.#key)
      .update(`${lengths}\n${name}${text}`).update(password).digest("base64");
  }
}
