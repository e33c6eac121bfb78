import { Deque } from "../core/deque.ts";
import type { SessionContext } from "../session/context.ts";
import type { Link } from "../session/session.ts";
import type { BatchNumber } from "../store/store.ts";

interface Callback {
  /** Whom it concerns, if a client. */
  readonly link: Link | undefined;
  readonly batch: BatchNumber;
  readonly callback: () => void;
}

/** Who waits for the Store: Links with something at their gate, and what is to be done after a commit. */
export class Commits {
  readonly #context: SessionContext;
  readonly #gated = new Set<Link>();
  readonly #onFault: (link: Link | undefined, error: unknown) => void;
  readonly #callbacks = new Deque<Callback>();

  #seen: BatchNumber = 0;

  /** Waits for the Store of this context; `onFault` is told what went wrong for a client. */
  constructor(
    context: SessionContext,
    onFault: (link: Link | undefined, error: unknown) => void,
  ) {
    this.#context = context;
    this.#onFault = onFault;
  }

  /** Has the Link's gate opened when what waits there is committed, if anything does. */
  watch(link: Link): void {
    if (!link.uncommitted.empty) this.#gated.add(link);
  }

  /** Forgets a Link that has ended. */
  forget(link: Link): void {
    this.#gated.delete(link);
  }

  /** Calls back, for this client if it is for one, when the batch is committed; at once where it is already. */
  wait(
    link: Link | undefined,
    batch: BatchNumber,
    callback: () => void,
  ): void {
    const { store } = this.#context;
    if (batch <= store.committed) {
      callback();
    } else {
      this.#callbacks.pushBack({ link, batch, callback });
      store.request(batch);
    }
  }

  /** Lets out all that waited for what the Store has committed meanwhile. To be called before anything else. */
  catchUp(): void {
    const batch = this.#context.store.committed;
    if (batch === this.#seen) return;
    this.#seen = batch;
    for (const link of this.#gated) {
      try {
        if (link.committed(batch)) this.#context.touch(link);
        if (link.uncommitted.empty) this.#gated.delete(link);
      } catch (error) {
        this.#gated.delete(link);
        this.#onFault(link, error);
      }
    }
    for (;;) {
      const first = this.#callbacks.peekFront();
      if (first === undefined || first.batch > batch) break;
      this.#callbacks.popFront();
      try {
        first.callback();
      } catch (error) {
        this.#onFault(first.link, error);
      }
    }
  }
}
