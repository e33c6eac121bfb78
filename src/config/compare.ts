import { LIMIT_KEYS } from "../core/limits.ts";
import { LIMIT_SETTINGS } from "./settings/limits.ts";
import type { Setting } from "./settings/setting.ts";
import type { ListenerPlan, Settings } from "./settings/settings.ts";
import { type SettingKey, SETTINGS } from "./settings/table.ts";

/** A listener that stays where it is, with other settings. */
export interface ChangedListener {
  /** As it was. */
  readonly before: ListenerPlan;
  /** As it is to be. */
  readonly after: ListenerPlan;
}

/** What is different in newly loaded settings. */
export interface SettingsChanges {
  /** Listeners whose addresses are new. */
  readonly opened: readonly ListenerPlan[];
  /** Listeners whose addresses are named no more. */
  readonly closed: readonly ListenerPlan[];
  /** Listeners that stay where they are, with other settings. */
  readonly changed: readonly ChangedListener[];
  /** What else takes effect now, in a sentence for each. */
  readonly now: readonly string[];
  /** What needs a new start, in a sentence for each. */
  readonly atRestart: readonly string[];
}

/** Where values are that do not stand in {@linkcode Settings} under the names of their settings. */
const ELSEWHERE: Partial<Record<SettingKey, (from: Settings) => unknown>> = {
  durability: ({ store }) => store.durability,
  longestWait: ({ store }) => store.longestWait,
  ballast: ({ store }) => store.ballast,
  queueFull: ({ queuePolicies }) => queuePolicies.one,
  allQueuesFull: ({ queuePolicies }) => queuePolicies.all,
};

/** The settings that have a value at each listener. */
const OF_LISTENERS: readonly string[] = ["allowAnonymous", "users"];

/** Where the value of each setting is that is not a listener's. */
const VALUES: readonly (readonly [Setting, (from: Settings) => unknown])[] = [
  ...Object.entries<Setting>(SETTINGS)
    .filter(([key]) => !OF_LISTENERS.includes(key))
    .map(([key, setting]) =>
      [
        setting,
        ELSEWHERE[key as SettingKey] ??
          ((from: Settings) => from[key as keyof Settings]),
      ] as const
    ),
  ...LIMIT_KEYS.map((key) =>
    [
      LIMIT_SETTINGS[key],
      (from: Settings) => from.limits[key],
    ] as const
  ),
];

/** Says what is different in newly loaded settings. Listeners are known again by their URLs without settings. */
export function compareSettings(
  before: Settings,
  after: Settings,
): SettingsChanges {
  const [opened, closed, changed] = compareListeners(before, after);
  const now: string[] = [];
  const atRestart: string[] = [];
  for (const [{ name, takesEffect }, valueIn] of VALUES) {
    if (isSame(valueIn(before), valueIn(after))) continue;
    if (takesEffect === "now") now.push(`${name} has changed`);
    else {
      atRestart.push(
        `${name} has changed, which takes effect when the broker starts again`,
      );
    }
  }
  const users = [...before.userLimits.keys(), ...after.userLimits.keys()];
  for (const user of new Set(users)) {
    const same = isSame(
      before.userLimits.get(user),
      after.userLimits.get(user),
    );
    if (!same) now.push(`The limits of user ${user} have changed`);
  }
  return { opened, closed, changed, now, atRestart };
}

function compareListeners(
  { listeners: before }: Settings,
  { listeners: after }: Settings,
): [ListenerPlan[], ListenerPlan[], ChangedListener[]] {
  // Several may listen on any free port, with the same URL: each is one more of the same.
  const rest = Map.groupBy(before, ({ url }) => url);
  const opened: ListenerPlan[] = [];
  const changed: ChangedListener[] = [];
  for (const plan of after) {
    const known = rest.get(plan.url)?.shift();
    if (known === undefined) opened.push(plan);
    else if (!isSame(known, plan)) changed.push({ before: known, after: plan });
  }
  return [opened, [...rest.values()].flat(), changed];
}

/** Whether two values of settings, which are data without cycles, are the same. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
