import type { Link } from "../session/session.ts";

/** What becomes of links that were touched. */
export interface TouchedLinksOptions {
  /** Does what is due for a link before its Outbox is written. */
  readonly each: (link: Link) => void;
  /** Told what goes wrong with one link. */
  readonly onFault: (link: Link, error: unknown) => void;
}

/** The links whose Outboxes were added to in this turn of the Router. */
export class TouchedLinks {
  readonly #options: TouchedLinksOptions;
  #links: Link[] = [];

  /** Does this for each of them. */
  constructor(options: TouchedLinksOptions) {
    this.#options = options;
  }

  /** Notes that a link's Outbox was added to. */
  add(link: Link): void {
    if (link.touched) return;
    link.touched = true;
    this.#links.push(link);
  }

  /** Has all that was put into their Outboxes written. */
  flush(): void {
    const { each, onFault } = this.#options;
    const links = this.#links;
    this.#links = [];
    for (const link of links) {
      link.touched = false;
      // No closure here: this is done for every client in every turn.
      try {
        each(link);
        link.owner.flush();
      } catch (error) {
        onFault(link, error);
      }
    }
  }
}
