/** What is done to keep a connection alive. */
export interface KeepAliveActions {
  /** Sends PINGREQ. */
  readonly ping: () => void;
  /** The broker has not answered one. */
  readonly dead: () => void;
}

/** Sees to it that the broker hears from this client, and this client from the broker. */
export class KeepAlive {
  /** Whether nobody reads at the moment, so that no answer can be seen. */
  isHeld = false;
  readonly #actions: KeepAliveActions;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #hasSent = true;
  #hasReceived = true;
  #isWaiting = false;

  /** Takes the interval in seconds, within which the broker must hear something; 0 for none. */
  constructor(seconds: number, actions: KeepAliveActions) {
    this.#actions = actions;
    if (seconds > 0) {
      // Looking twice in an interval, no silence is longer than it.
      this.#timer = setInterval(() => this.#look(), seconds * 500);
    }
  }

  /** Something was sent. */
  sent(): void {
    this.#hasSent = true;
  }

  /** Something has come. */
  received(): void {
    this.#hasReceived = true;
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.isHeld) this.#hasReceived = true;
    if (this.#isWaiting && !this.#hasReceived) return this.#actions.dead();
    this.#isWaiting = !this.#hasSent || !this.#hasReceived;
    if (this.#isWaiting) this.#actions.ping();
    this.#hasSent = this.#hasReceived = false;
  }
}
