import type { Log } from "../../core/log.ts";

/** Says once that something cannot be sent to a collector, and once that it can again. */
export class CollectorNews {
  readonly #what: string;
  readonly #endpoint: string;
  readonly #log: Log;
  #failed = false;

  /** `what` is sent there, in the plural and with a capital letter. */
  constructor(what: string, options: { endpoint: string; log: Log }) {
    this.#what = what;
    this.#endpoint = options.endpoint;
    this.#log = options.log;
  }

  /** Takes what became of an attempt: `error` is `undefined` where it went well. */
  take(error: Error | undefined): void {
    const endpoint = this.#endpoint;
    const failed = error !== undefined;
    if (failed && !this.#failed) {
      this.#log.warn(`${this.#what} cannot be sent to the collector`, {
        endpoint,
        error: error.message,
      });
    } else if (!failed && this.#failed) {
      this.#log.info(`${this.#what} are sent to the collector again`, {
        endpoint,
      });
    }
    this.#failed = failed;
  }
}
