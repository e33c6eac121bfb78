import type { Rights, RightsSource } from "../session/rights.ts";
import type { Session } from "../session/session.ts";
import type { SubscriptionTree } from "./subscription_tree.ts";

/** What {@linkcode Access} works with. */
export interface AccessOptions {
  /** The rules in force; left out, nothing is forbidden. */
  readonly source: RightsSource | undefined;
  /** Holds the subscriptions, of which some are mute by the rules. */
  readonly tree: Pick<SubscriptionTree<unknown>, "routesChanged">;
}

/** Who may do what, by the rules in force: gives sessions their rights. */
export class Access {
  readonly #tree: Pick<SubscriptionTree<unknown>, "routesChanged">;
  #source: RightsSource | undefined;

  /** Begins with these rules. */
  constructor({ source, tree }: AccessOptions) {
    this.#source = source;
    this.#tree = tree;
  }

  /** The rights of a client that has no session yet. */
  rightsOf(user: string | undefined, clientId: string): Rights | undefined {
    return this.#source?.rightsOf(user, clientId);
  }

  /** Gives a session the rights of its owner: to be called when it is made, and when its owner changes. */
  giveRights(session: Session): void {
    const rights = this.rightsOf(session.owner, session.clientId);
    if (rights === session.rights) return;
    session.rights = rights;
    if (session.subscriptions.size > 0) this.#tree.routesChanged();
  }

  /** Has other rules hold from now on, for all these sessions. */
  change(
    source: RightsSource | undefined,
    sessions: Iterable<Session>,
  ): void {
    this.#source = source;
    for (const session of sessions) this.giveRights(session);
  }
}
