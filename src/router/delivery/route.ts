import type { QoS } from "../../codec/packet.ts";
import type { Session } from "../../session/session.ts";
import { NO_IDENTIFIERS, type StoredSubscription } from "../../store/store.ts";
import { SharedGroup } from "./shared_group.ts";
import type { SubscriptionTree } from "../topics/subscription_tree.ts";

/** A subscription of a session, as it stands in the tree. */
export interface Subscription extends StoredSubscription {
  /** Whose it is. */
  readonly session: Session;
}

/** What stands in the subscription tree. */
export type Subscriber = Subscription | SharedGroup;

/** A session that gets a topic's messages: once each, however many of its subscriptions match [MQTT-3.3.4-2]. */
export interface Target {
  /** Who gets them. */
  readonly session: Session;
  /** The highest QoS of the matching subscriptions. */
  readonly qos: QoS;
  /** Whether the publisher's RETAIN flag is passed on [MQTT-3.3.1-13]. */
  readonly retainAsPublished: boolean;
  /** The identifiers of the matching subscriptions, in no particular order [MQTT-3.3.4-3]. */
  readonly identifiers: readonly number[];
  /**
   * For messages that the session published itself [MQTT-3.8.3-3]: the same without its No Local subscriptions,
   * `undefined` if it has no others; `"same"` if none of them is No Local.
   */
  readonly own: Target | "same" | undefined;
}

/** Who gets the messages of a topic. Two topics with the same subscribers have the same Route. */
export interface Route {
  /** Sessions with a subscription of their own. */
  readonly targets: readonly Target[];
  /** Shared groups: one member of each gets a message. */
  readonly groups: readonly SharedGroup[];
  /** The group that gets messages alone, any of them by any member. */
  readonly only: SharedGroup | undefined;
  /** Targets that could not take the last run of messages as it was; before the first run, all of them. */
  slowTargets: number;
}

type MutableRoute = { -readonly [Key in keyof Route]: Route[Key] };

/** So many routes are remembered: of a few filters, topics can be made up that match each other subset. */
const MAXIMUM_ROUTES = 65_536;

/** Works out routes, without those who may not receive a topic, and shares them between topics until the subscriptions change. */
export class RouteTable {
  readonly #tree: SubscriptionTree<Subscription | SharedGroup>;
  readonly #routes = new Map<string, MutableRoute>();
  #generation = -1;
  readonly #numbers = new WeakMap<Subscription | SharedGroup, number>();
  #lastNumber = 0;

  /** Routes by the subscriptions in this tree. */
  constructor(tree: SubscriptionTree<Subscription | SharedGroup>) {
    this.#tree = tree;
  }

  /** Who gets messages of this topic, as of the tree's present generation. */
  find(topic: string): Route {
    if (this.#generation !== this.#tree.generation) {
      this.#generation = this.#tree.generation;
      this.#forget();
    }
    const found: (Subscription | SharedGroup)[] = [];
    this.#tree.match(topic, found);
    // Which of its members may receive it, a group finds out for each message.
    const matching = found.filter((one) =>
      one instanceof SharedGroup || one.session.mayReceive(topic)
    );
    const key = matching.map((found) => this.#number(found)).sort((a, b) =>
      a - b
    ).join();
    let route = this.#routes.get(key);
    if (route === undefined) {
      route = makeRoute(matching);
      if (this.#routes.size < MAXIMUM_ROUTES) this.#routes.set(key, route);
    }
    return route;
  }

  /** Empties the routes, since each topic holds on to its last one until a message comes for it. */
  #forget(): void {
    for (const route of this.#routes.values()) {
      route.targets = [];
      route.groups = [];
      route.only = undefined;
    }
    this.#routes.clear();
  }

  #number(found: Subscription | SharedGroup): number {
    let number = this.#numbers.get(found);
    if (number === undefined) {
      number = ++this.#lastNumber;
      this.#numbers.set(found, number);
    }
    return number;
  }
}

function makeRoute(matching: readonly (Subscription | SharedGroup)[]): Route {
  const bySession = new Map<Session, Subscription[]>();
  const groups: SharedGroup[] = [];
  for (const found of matching) {
    if (found instanceof SharedGroup) {
      groups.push(found);
    } else {
      const others = bySession.get(found.session);
      if (others === undefined) bySession.set(found.session, [found]);
      else others.push(found);
    }
  }
  const targets = [...bySession.values()].map((subscriptions) => {
    const others = subscriptions.filter((subscription) =>
      !subscription.noLocal
    );
    if (others.length === subscriptions.length) {
      return makeTarget(subscriptions, "same");
    }
    return makeTarget(
      subscriptions,
      others.length === 0 ? undefined : makeTarget(others, "same"),
    );
  });
  const [first] = groups;
  const isAlone = groups.length === 1 && targets.length === 0;
  const only = isAlone && !first!.restricted ? first : undefined;
  return { targets, groups, only, slowTargets: targets.length };
}

function makeTarget(
  subscriptions: readonly Subscription[],
  own: Target["own"],
): Target {
  const identifiers = subscriptions.map((subscription) =>
    subscription.identifier
  ).filter((id) => id !== 0);
  return {
    session: subscriptions[0]!.session,
    qos: Math.max(
      ...subscriptions.map((subscription) => subscription.qos),
    ) as QoS,
    retainAsPublished: subscriptions.some((subscription) =>
      subscription.retainAsPublished
    ),
    identifiers: identifiers.length === 0 ? NO_IDENTIFIERS : identifiers,
    own,
  };
}
