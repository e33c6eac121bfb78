import { hashTopic } from "../codec/topic_hash.ts";
import { Message } from "../store/message.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { RetainedMessages } from "./retained.ts";
import type { TopicEntry, TopicTable } from "./topic_table.ts";

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/** The topic of the alarm with this name. */
export function alarmTopic(name: string): string {
  return `$SYS/broker/alarm/${name}`;
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

/** What alarms are made known with. */
export interface AlarmsOptions {
  /** Hands them to who has subscribed. */
  readonly dispatcher: Dispatcher;
  /** Keeps them for who subscribes. */
  readonly retained: RetainedMessages;
  /** The topics that were published to. */
  readonly topics: TopicTable;
}

/**
 * The alarms: retained messages in UTF-8 on `$SYS/broker/alarm/<name>`, one sentence a line for each matter, which end
 * with an empty one. The Store never sees them, so that none outlives its reason.
 */
export class Alarms {
  readonly #options: AlarmsOptions;
  /** What is the matter, by the alarms' names. */
  readonly #matters = new Map<string, Map<string, string>>();

  /** Makes them known with these. */
  constructor(options: AlarmsOptions) {
    this.#options = options;
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
    this.#publish(alarmTopic(name), [...matters.values()].join("\n"));
  }

  #publish(topic: string, text: string): void {
    const { dispatcher, retained } = this.#options;
    const entry = this.#entry(topic);
    const message = Message.of({
      topic: entry,
      qos: 0,
      retain: true,
      payload: encoder.encode(text),
      properties: NO_BYTES,
      expiresAt: Infinity,
      publisher: "",
    });
    retained.announce(message);
    dispatcher.dispatch(message, entry, 0, undefined);
  }

  #entry(topic: string): TopicEntry {
    const bytes = encoder.encode(topic);
    const { length } = bytes;
    return this.#options.topics.find(
      bytes,
      0,
      length,
      hashTopic(bytes, 0, length),
    );
  }
}
