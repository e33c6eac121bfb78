import type { ClientError } from "../../client/client_error.ts";
import type { ClientHost } from "../../client/mqtt_client.ts";
import { EXIT, StartError } from "../../core/errors.ts";
import { printError } from "../../terminal/output.ts";

/** Tells the user of a client what happens to its connection, and how it ended. */
export class ClientReport implements ClientHost {
  readonly #isQuiet: boolean;
  #isLost = false;

  /** Tells nothing, if it is to be quiet. */
  constructor(isQuiet: boolean) {
    this.#isQuiet = isQuiet;
  }

  /** Does the work of a command, and returns its exit status; tells why it failed, if it did. */
  async run(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      if (error.exitStatus === EXIT.usage) throw error;
      this.tell(error.message);
      return error.exitStatus;
    }
  }

  /** Tells a sentence. */
  tell(sentence: string): void {
    if (!this.#isQuiet) printError(`${sentence}\n`);
  }

  /** Tells that the client is connected again. */
  connected(): void {
    if (this.#isLost) this.tell("Connected again");
    this.#isLost = false;
  }

  /** Tells that the connection is lost. */
  lost(error: ClientError, delay: number): void {
    this.#isLost = true;
    const seconds = delay / 1000;
    this.tell(
      `${error.message}. Trying again in ${seconds} ${
        seconds === 1 ? "second" : "seconds"
      }`,
    );
  }
}
