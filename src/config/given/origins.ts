import type { Origin } from "./fault.ts";
import type { Given, GivenListener } from "./given.ts";
import type { Setting } from "../settings/setting.ts";
import type { ListenerPlan } from "../settings/settings.ts";
import { SETTINGS } from "../settings/table.ts";

/** Where settings were given, for who finds out later that something is wrong with one. */
export class Origins {
  readonly #given: Given;
  readonly #listeners: ReadonlyMap<ListenerPlan, GivenListener>;

  /** Takes what was given, and which listener each plan was made from. */
  constructor(
    given: Given,
    listeners: ReadonlyMap<ListenerPlan, GivenListener>,
  ) {
    this.#given = given;
    this.#listeners = listeners;
  }

  /** Where a setting was given. */
  of(setting: Setting): Origin {
    return this.#given.get(setting)?.place ?? { type: "default" };
  }

  /** Where a listener's setting was given, by its name; its URL's place for what stands nowhere else. */
  inListener(plan: ListenerPlan, name: string): Origin {
    const listener = this.#listeners.get(plan);
    const own = listener?.origins.get(name);
    if (own !== undefined) return own;
    if (name === SETTINGS.users.name) {
      const all = this.#given.get(SETTINGS.users)?.place;
      if (all !== undefined) return all;
    }
    return listener?.place ?? { type: "default" };
  }
}
