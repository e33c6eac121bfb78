/** Where Debian's faketime keeps its library for programs with threads. */
const LIBRARIES = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

const library = LIBRARIES.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Whether a program can be given a clock of its own here: not under an emulator, for which the library is not. */
export const canSetClock = library !== undefined &&
  Deno.env.get("MAILBOXQTT_EMULATOR") === undefined;

/** A machine's clock that a test sets, for programs that run with its variables. */
export class MachineClock {
  readonly #file: string;

  /** A clock that is set in this file. */
  constructor(file: string) {
    this.#file = file;
  }

  /** The variables with which a program goes by it. */
  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      TZ: "UTC",
    };
  }

  /** Sets it to this moment, in UTC, from which it goes on: `2026-11-25 10:00:00`. */
  async set(moment: string): Promise<void> {
    // In one step, since it is read at any time.
    await Deno.writeTextFile(`${this.#file}.new`, `@${moment}\n`);
    await Deno.rename(`${this.#file}.new`, this.#file);
  }
}
