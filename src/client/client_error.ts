import { StartError } from "../core/errors.ts";

/** Why a client cannot go on, in a sentence for its user. */
export class ClientError extends StartError {
  /** Whether it makes no sense to try it again. */
  readonly isFinal: boolean;

  /** Takes the sentence. */
  constructor(message: string, { isFinal = false } = {}) {
    super(message);
    this.name = "ClientError";
    this.isFinal = isFinal;
  }
}
