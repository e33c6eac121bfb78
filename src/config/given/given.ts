import type { ScopedLimits } from "../../core/scoped_limits.ts";
import type { Fault, Origin } from "./fault.ts";
import type { Setting } from "../settings/setting.ts";
import type { ListenerIdentity, ListenerPlan } from "../settings/settings.ts";

/** A value, and where it was given. */
export interface GivenValue<Value> {
  /** The value. */
  readonly value: Value;
  /** Where it was given. */
  readonly place: Origin;
}

/** A listener as it was given: what was not said is `undefined`. */
export interface GivenListener
  extends Pick<ListenerPlan, "url" | "transport" | "users" | "limits"> {
  /** Where its address was given. */
  readonly place: Origin;
  /** See {@linkcode ListenerPlan}. */
  readonly allowAnonymous: boolean | undefined;
  /** See {@linkcode ListenerPlan}. */
  readonly identity: ListenerIdentity | undefined;
  /** See {@linkcode ListenerPlan}. */
  readonly withPassword: boolean | undefined;
  /** Where each of its settings was given, by its name. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** What was given by one source of settings, or by several of which the later ones count. */
export class Given {
  readonly #values = new Map<Setting, GivenValue<unknown>>();
  readonly #faulty = new Set<Setting>();
  /** Everything that is wrong. */
  readonly faults: Fault[] = [];
  /** The listeners, where any were given; among them none of the faulty ones. */
  listeners: readonly GivenListener[] | undefined;
  /** The limits of users. */
  readonly userLimits = new Map<string, ScopedLimits>();

  /** Notes a value. */
  set<Value>(setting: Setting<Value>, value: Value, place: Origin): void {
    this.#values.set(setting, { value, place });
  }

  /** Notes that a setting was given, and what is wrong with it. */
  refuse(setting: Setting, fault: Fault): void {
    this.#faulty.add(setting);
    this.faults.push(fault);
  }

  /** What a setting was given as. */
  get<Value>(setting: Setting<Value>): GivenValue<Value> | undefined {
    return this.#values.get(setting) as
      | GivenValue<Value>
      | undefined;
  }

  /** Whether a setting was given with a value that is not allowed. */
  isFaulty(setting: Setting): boolean {
    return this.#faulty.has(setting);
  }

  /** Takes what a source says that counts more. */
  add(other: Given): void {
    for (const [setting, given] of other.#values) {
      this.#values.set(setting, given);
    }
    for (const setting of other.#faulty) this.#faulty.add(setting);
    this.faults.push(...other.faults);
    this.listeners = other.listeners ?? this.listeners;
    for (const [user, limits] of other.userLimits) {
      this.userLimits.set(user, { ...this.userLimits.get(user), ...limits });
    }
  }
}
