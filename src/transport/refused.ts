/** Why a connection was ended before it was handed over. */
export class Refused extends Error {
  /** For the log; `undefined` where there is nothing to tell, as when a client just went away. */
  readonly reason: string | undefined;

  /** Takes the reason. */
  constructor(reason: string | undefined) {
    super(reason ?? "The client went away");
    this.name = "Refused";
    this.reason = reason;
  }
}
