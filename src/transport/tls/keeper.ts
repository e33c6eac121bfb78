import type { Clock } from "../../core/clock.ts";
import type { Counters } from "../../core/counters.ts";
import type { Log } from "../../core/log.ts";
import { LimitedLog } from "../../core/limited_log.ts";
import type { Timer, Timers } from "../../core/timer_wheel.ts";
import type { TlsSettings } from "../listener_settings.ts";
import {
  day,
  type LoadedTls,
  loadTls,
  tlsContents,
  type TlsFault,
  TlsFaults,
} from "./load.ts";
import { TlsGate } from "./gate.ts";
import { shakeHandsWithItself } from "./self_check.ts";

/** Milliseconds between two looks at the files. */
const POLL_TIME = 10_000;
/** From so many days before a certificate expires the log warns of it. */
const WARN_DAYS = 21;
/** Milliseconds of a day. */
const DAY = 86_400_000;
/** From so many milliseconds on, the machine's clock was set: a gateway was told the time after it had booted. */
const CLOCK_SET = 3_600_000;

/** What a {@linkcode TlsKeeper} works with. */
export interface TlsKeeperOptions {
  /** Which files, and what is asked of clients. */
  readonly settings: TlsSettings;
  /** The protocol within TLS, as ALPN names it. */
  readonly protocol: string;
  /** The listener's address, for the log. */
  readonly url: string;
  /** Where it tells what becomes of certificates and handshakes. */
  readonly log: Log;
  /** Paces what is told. */
  readonly clock: Clock;
  /** What certificates go by: the machine's time, which others set who know better; left out, that of this one. */
  readonly machineTime?: () => number;
  /** Wakes it to look at the files. */
  readonly timers: Timers;
  /** Where failed handshakes are counted. */
  readonly counters: Pick<Counters, "tlsFailures">;
}

/** Keeps the certificates of a listener up to date with their files, while connections come and stay. */
export class TlsKeeper {
  /** Where connections go through the handshake. */
  readonly gate: TlsGate;
  readonly #options: TlsKeeperOptions;
  #loaded: LoadedTls;
  /** The contents that were looked at last, whether they could be used or not. */
  #seen: string | undefined;
  /** Contents that could not be used when they were seen first: a key may come a moment after its certificate. */
  #doubtful: { readonly contents: string | undefined } | undefined;
  #warnedAt = -Infinity;
  readonly #machineTime: () => number;
  /** By how much the machine's time was ahead of the steady clock when the files were judged last. */
  #ahead: number;
  #closed = false;
  readonly #timer: Timer;

  /**
   * Loads the files and looks at them from then on.
   *
   * @throws {TlsFaults} If they cannot be used.
   * @throws {Error} If this program cannot be a TLS server.
   */
  static async start(options: TlsKeeperOptions): Promise<TlsKeeper> {
    const { settings, machineTime = machineNow } = options;
    const loaded = await loadTls(settings, machineTime());
    await shakeHandsWithItself(settings, loaded);
    return new TlsKeeper(options, loaded);
  }

  private constructor(options: TlsKeeperOptions, loaded: LoadedTls) {
    const { settings, protocol, counters, timers } = options;
    const { machineTime = machineNow } = options;
    this.#options = options;
    this.#machineTime = machineTime;
    this.#ahead = this.#aheadNow;
    this.#loaded = loaded;
    this.#seen = loaded.contents;
    const failed = new LimitedLog("TLS handshake failed", {
      ...options,
      subject: "address",
      level: "info",
    });
    this.gate = new TlsGate({
      settings,
      protocol,
      loaded,
      now: machineTime,
      failed,
      counters,
    });
    this.#warnDaily();
    this.#timer = timers.schedule(POLL_TIME, () => this.#wake());
  }

  /** Days until the certificate expires, below 0 afterwards. */
  get days(): number {
    return Math.floor((this.#loaded.expires - this.#machineTime()) / DAY);
  }

  /**
   * Loads what the files hold now, and returns what has it hold from then on.
   *
   * @throws {TlsFaults} If they cannot be used.
   */
  async renew(): Promise<() => void> {
    const { settings } = this.#options;
    if (await tlsContents(settings) === this.#loaded.contents) return () => {};
    const loaded = await loadTls(settings, this.#machineTime());
    return () => this.#exchange(loaded);
  }

  /** Looks at the files no more. */
  close(): void {
    this.#closed = true;
    this.#timer.cancel();
  }

  async #wake(): Promise<void> {
    await this.#poll();
    if (Math.abs(this.#aheadNow - this.#ahead) > CLOCK_SET) await this.#judge();
    if (this.#closed) return;
    this.#warnDaily();
    this.#timer.reschedule(POLL_TIME);
  }

  async #poll(): Promise<void> {
    const { settings } = this.#options;
    const contents = await tlsContents(settings);
    if (contents === this.#seen) return;
    if (contents === this.#loaded.contents) {
      this.#seen = contents;
      return;
    }
    try {
      const loaded = await loadTls(settings, this.#machineTime());
      this.#exchange(loaded);
    } catch (error) {
      if (!(error instanceof TlsFaults)) throw error;
      if (this.#doubtful?.contents !== contents) {
        this.#doubtful = { contents };
        return;
      }
      this.#doubtful = undefined;
      this.#seen = contents;
      this.#tell(
        "Cannot use new certificates, the old ones stay",
        error.faults,
      );
    }
  }

  get #aheadNow(): number {
    return this.#machineTime() - this.#options.clock.monotonic();
  }

  /** The machine's clock was set: what is in use may be good now that was not before, or the other way round. */
  async #judge(): Promise<void> {
    const { settings, url, log } = this.#options;
    this.#ahead = this.#aheadNow;
    const now = this.#machineTime();
    try {
      const loaded = await loadTls(settings, now);
      // Other files are for the next look at them.
      if (loaded.contents !== this.#loaded.contents) return;
      log.info("The machine's clock was set, and certificates go by it", {
        url,
        today: day(new Date(now)),
      });
      this.#loaded = loaded;
      this.#warnedAt = -Infinity;
    } catch (error) {
      if (!(error instanceof TlsFaults)) throw error;
      this.#tell(
        "Certificates are not good by the machine's clock, which was set",
        error.faults,
      );
    }
  }

  #exchange(loaded: LoadedTls): void {
    if (this.#closed) return;
    const { url, log } = this.#options;
    this.gate.exchange(loaded);
    this.#loaded = loaded;
    this.#seen = loaded.contents;
    this.#doubtful = undefined;
    this.#warnedAt = -Infinity;
    const { subject, expires } = loaded;
    log.info("Certificates exchanged", {
      url,
      subject,
      expires: day(new Date(expires)),
    });
  }

  /** Warns once a day of what will not stay good. */
  #warnDaily(): void {
    const { url, log, clock, settings } = this.#options;
    const now = clock.monotonic();
    if (now - this.#warnedAt < DAY) return;
    this.#warnedAt = now;
    const { days } = this;
    if (days <= WARN_DAYS) {
      const expires = day(new Date(this.#loaded.expires));
      const file = settings.certificate;
      const message = days < 0
        ? "The server's certificate has expired"
        : "The server's certificate expires soon";
      log.warn(message, { url, file, expires, days });
    }
    this.#tell("Look at this file", this.#loaded.warnings);
  }

  #tell(message: string, faults: readonly TlsFault[]): void {
    const { url, log } = this.#options;
    for (const { file, message: reason } of faults) {
      log.warn(message, { url, file, reason });
    }
  }
}

function machineNow(): number {
  return Date.now();
}
