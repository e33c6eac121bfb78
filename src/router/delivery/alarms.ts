import type { SystemMessages } from "./system_messages.ts";
import { SYSTEM } from "../topics/filter.ts";

/** The topic of the alarm with this name. */
export function alarmTopic(name: string): string {
  return `${SYSTEM}/broker/alarm/${name}`;
}

/** Something that the operator should do something about, or that it is over. */
export interface AlarmChange {
  /** The alarm, as the last level of its topic: what is affected, such as `store`. */
  readonly name: string;
  /** One of the things that the alarm may be about, such as `disk full`. */
  readonly matter: string;
  /** What is the matter, in one sentence; `undefined` when it is over. */
  readonly sentence: string | undefined;
}

/**
 * The alarms: retained messages on `$SYS/broker/alarm/<name>`, one sentence a line for each matter, which end with an
 * empty one.
 */
export class Alarms {
  readonly #system: Pick<SystemMessages, "publish">;
  /** What is the matter, by the alarms' names. */
  readonly #matters = new Map<string, Map<string, string>>();

  /** Makes them known by these. */
  constructor(system: Pick<SystemMessages, "publish">) {
    this.#system = system;
  }

  /** What is the matter now: each alarm's name with a sentence. */
  get sentences(): [string, string][] {
    return [...this.#matters].flatMap(([name, matters]) =>
      [...matters.values()].map((sentence): [string, string] => [
        name,
        sentence,
      ])
    );
  }

  /** Raises an alarm, or clears what it was about. */
  change({ name, matter, sentence }: AlarmChange): void {
    const matters = this.#matters.get(name) ?? new Map<string, string>();
    if (matters.get(matter) === sentence) return;
    this.#matters.set(name, matters);
    if (sentence === undefined) matters.delete(matter);
    else matters.set(matter, sentence);
    this.#system.publish(alarmTopic(name), [...matters.values()].join("\n"));
  }
}
