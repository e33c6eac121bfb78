import type { Rights, RightsSource } from "../../src/session/rights.ts";
import { matches } from "../../src/router/topics/filter.ts";

/** What one user may do: the filters of topics; what is left out is allowed. */
export interface Allowed {
  /** Topics that may be published to. */
  publish?: readonly string[];
  /** Topics that may be received. */
  receive?: readonly string[];
  /** Filters that may be subscribed to, as they are written. */
  subscribe?: readonly string[];
}

/** Rules that say for each user, by name, what it may do; anonymous clients are `""`. Others may do all. */
export class FakeRights implements RightsSource {
  /** How often it was asked whether a topic may be published to. */
  asked = 0;
  readonly #users: Readonly<Record<string, Allowed>>;

  /** Makes rules. */
  constructor(users: Readonly<Record<string, Allowed>>) {
    this.#users = users;
  }

  rightsOf(user: string | undefined): Rights | undefined {
    const allowed = this.#users[user ?? ""];
    if (allowed === undefined) return undefined;
    const fits = (filters: readonly string[] | undefined, topic: string) =>
      filters === undefined || filters.some((one) => matches(one, topic));
    return {
      mayPublish: (topic) => {
        this.asked++;
        return fits(allowed.publish, topic);
      },
      mayReceive: (topic) => fits(allowed.receive, topic),
      maySubscribe: (filter) => allowed.subscribe?.includes(filter) ?? true,
      explain: (action, topic) =>
        `No rule lets ${user ?? "anonymous clients"} ${action} ${topic}`,
    };
  }
}
