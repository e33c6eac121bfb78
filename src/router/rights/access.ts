import type { Connect } from "../../codec/packet.ts";
import { PacketError } from "../../codec/packet_error.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import type { Counters } from "../../core/counters.ts";
import type { Log } from "../../core/log.ts";
import type { LimitedLogOptions } from "../../core/limited_log.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Rights, RightsSource } from "../../session/rights.ts";
import type { Session } from "../../session/session.ts";
import type { TopicName } from "../../store/message.ts";
import { Denials, type DeniedAction } from "./denials.ts";
import type { SubscriptionTree } from "../topics/subscription_tree.ts";
import {
  BRIDGE_STATE,
  matches,
  parseSharedFilter,
  RESERVED_REASON,
} from "../topics/filter.ts";

/** What {@linkcode Access} works with. */
export interface AccessOptions extends LimitedLogOptions {
  /** The rules in force; left out, nothing is forbidden. */
  readonly rights?: RightsSource;
  /** Holds the subscriptions, of which some are mute by the rules. */
  readonly tree: Pick<SubscriptionTree<unknown>, "routesChanged">;
  /** Looks at shared groups again at the end of a turn. */
  readonly context: Pick<SessionContext, "groupWaits">;
  /** Where it is counted what was denied. */
  readonly counters: Counters;
}

const RESERVED = { explain: () => RESERVED_REASON };

/** A client that wants to come in, as far as its will goes. */
export interface ArrivingClient {
  /** The CONNECT that it sent. */
  readonly connect: Pick<Connect, "will">;
  /** Its client identifier. */
  readonly clientId: string;
  /** Its user; `undefined` for an anonymous client. */
  readonly user: string | undefined;
}

/** Who may do what, by the rules in force: gives sessions their rights. */
export class Access {
  readonly #tree: Pick<SubscriptionTree<unknown>, "routesChanged">;
  readonly #context: Pick<SessionContext, "groupWaits">;
  readonly #denials: Denials;
  readonly #counters: Counters;
  readonly #log: Log;
  #source: RightsSource | undefined;

  /** Begins with these rules. */
  constructor(options: AccessOptions) {
    this.#source = options.rights;
    this.#tree = options.tree;
    this.#context = options.context;
    this.#denials = new Denials(options);
    this.#counters = options.counters;
    this.#log = options.log;
  }

  /** The rights of a client that has no session yet. */
  rightsOf(user: string | undefined, clientId: string): Rights | undefined {
    return this.#source?.rightsOf(user, clientId);
  }

  /** Gives a session the rights of its owner: to be called when it is made, and when its owner has changed. */
  giveRights(session: Session): void {
    const rights = this.rightsOf(session.owner, session.clientId);
    if (rights === undefined && session.rights === undefined) return;
    session.rights = rights;
    session.permittedTopic = undefined;
    if (session.subscriptions.size > 0) this.#tree.routesChanged();
    // What waits may go to it now, or to nobody any more.
    for (const group of session.groups) this.#context.groupWaits(group);
  }

  /** Whether a session may publish to a topic, which is then its permitted topic. */
  mayPublish(session: Session, topic: TopicName): boolean {
    if (session.rights?.mayPublish(topic.text) === false) return false;
    session.permittedTopic = topic;
    return true;
  }

  /**
   * Accepts a client that may publish its will, or has none, or is a bridge whose will would tell its state: it has
   * that will by default, and is of use without. The rules are asked again when the will is due.
   *
   * @throws {PacketError} If the rules deny the will.
   */
  requireWill(
    { connect: { will }, clientId, user }: ArrivingClient,
  ): void {
    if (will === undefined) return;
    const { topic } = will;
    const rights = this.rightsOf(user, clientId);
    if (rights === undefined || rights.mayPublish(topic)) return;
    this.#denials.note({ action: "will", clientId, user, topic, rights });
    if (matches(BRIDGE_STATE, topic)) return;
    throw new PacketError(
      ReasonCode.NotAuthorized,
      "Cannot accept the will: not authorized",
    );
  }

  /** Counts and logs that a session published, itself or by its will, to a topic of the broker's own. */
  reserved(
    { clientId, owner: user }: Session,
    action: "publish" | "will",
    topic: string,
  ): void {
    this.#counters.dropped.reservedTopic++;
    this.#denials.log({ action, clientId, user, topic, rights: RESERVED });
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
    let mute = 0;
    for (const session of sessions) {
      this.giveRights(session);
      mute += this.#muteSubscriptions(session);
    }
    if (mute === 0) return;
    this.#log.warn(
      "Subscriptions receive nothing any more by the rules in force",
      { subscriptions: mute },
    );
  }

  /** How many subscriptions a session has that it could not make now. */
  #muteSubscriptions({ rights, subscriptions }: Session): number {
    if (rights === undefined) return 0;
    let mute = 0;
    for (const filter of subscriptions.keys()) {
      const shared = parseSharedFilter(filter);
      const own = typeof shared === "object" ? shared.filter : filter;
      if (!rights.maySubscribe(own)) mute++;
    }
    return mute;
  }
}
