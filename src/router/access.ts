import type { Counters } from "../core/counters.ts";
import type { PacedLogOptions } from "../core/paced_log.ts";
import type { Rights, RightsSource } from "../session/rights.ts";
import type { Session } from "../session/session.ts";
import type { TopicName } from "../store/message.ts";
import { Denials, type DeniedAction } from "./denials.ts";
import type { SubscriptionTree } from "./subscription_tree.ts";

/** What {@linkcode Access} works with. */
export interface AccessOptions extends PacedLogOptions {
  /** The rules in force; left out, nothing is forbidden. */
  readonly rights?: RightsSource;
  /** Holds the subscriptions, of which some are mute by the rules. */
  readonly tree: Pick<SubscriptionTree<unknown>, "routesChanged">;
  /** Where it is counted what was denied. */
  readonly counters: Counters;
}

/** Who may do what, by the rules in force: gives sessions their rights. */
export class Access {
  readonly #tree: Pick<SubscriptionTree<unknown>, "routesChanged">;
  readonly #denials: Denials;
  #source: RightsSource | undefined;

  /** Begins with these rules. */
  constructor(options: AccessOptions) {
    this.#source = options.rights;
    this.#tree = options.tree;
    this.#denials = new Denials(options);
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
    session.permittedTopic = undefined;
    if (session.subscriptions.size > 0) this.#tree.routesChanged();
  }

  /** Whether a session may publish to a topic. */
  mayPublish(session: Session, topic: TopicName): boolean {
    const { rights } = session;
    if (rights === undefined || topic === session.permittedTopic) return true;
    if (!rights.mayPublish(topic.text)) return false;
    session.permittedTopic = topic;
    return true;
  }

  /** Counts and logs that something was denied to a session. */
  denied(session: Session, action: DeniedAction, topic: string): void {
    const { clientId, owner: user, rights } = session;
    if (rights === undefined) return;
    this.#denials.note({ action, clientId, user, topic, rights });
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
