import type { Counters } from "../../core/counters.ts";
import type { LogFields } from "../../core/log.ts";
import { LimitedLog, type LimitedLogOptions } from "../../core/limited_log.ts";
import type { Rights } from "../../session/rights.ts";

/** What may be denied. */
export type DeniedAction = "publish" | "subscribe" | "will";

/** Something that was denied to a client. */
export interface Denial {
  /** What it wanted to do. */
  readonly action: DeniedAction;
  /** Its client identifier. */
  readonly clientId: string;
  /** Its user, if it has one. */
  readonly user: string | undefined;
  /** The topic or, of a subscription, the filter. */
  readonly topic: string;
  /** Who denied it, and can say why. */
  readonly rights: Pick<Rights, "explain">;
}

/** Topics of one client that are told apart within a minute; the others are told together. */
const TOPICS = 20;
/** Clients whose topics are told apart. */
const CLIENTS = 1000;
/** Milliseconds after which they are told apart anew. */
const PERIOD = 60_000;
/** How a client's other topics are named. */
const OTHERS = "(more)";
/** Characters of a topic that are told. */
const LENGTH = 256;

/** What rules denied: all is counted, and told once for each client, topic and minute with the reason. */
export class Denials {
  readonly #options: LimitedLogOptions & { readonly counters: Counters };
  readonly #logs: Readonly<Record<DeniedAction, LimitedLog>>;
  /** The topics that are told apart, by client identifier. */
  readonly #topics = new Map<string, Set<string>>();
  #begin = 0;

  /** Counts and logs there. */
  constructor(options: LimitedLogOptions & { readonly counters: Counters }) {
    this.#options = options;
    this.#logs = {
      publish: new LimitedLog("Publishing denied", options),
      subscribe: new LimitedLog("Subscription denied", options),
      will: new LimitedLog("Will denied", options),
    };
  }

  /** Counts a denial by the rules, and logs it. */
  note(denial: Denial): void {
    this.#options.counters.denied[denial.action]++;
    this.log(denial);
  }

  /** Logs a denial if the last time is long enough ago. */
  log({ action, clientId, user, topic, rights }: Denial): void {
    const told = this.#told(clientId, topic);
    const fields: LogFields = told === OTHERS
      ? { client: clientId, user, topic: OTHERS }
      : {
        client: clientId,
        user,
        topic: told,
        // Looked up only for a line that is written.
        get why() {
          const kind = action === "subscribe" ? "subscribe" : "publish";
          return rights.explain(kind, topic);
        },
      };
    this.#logs[action].note(`${clientId}\0${told}`, 1, fields);
  }

  /** Under which name a topic is told: a client could deny itself any number of them. */
  #told(clientId: string, topic: string): string {
    const now = this.#options.clock.monotonic();
    if (now - this.#begin >= PERIOD) {
      this.#begin = now;
      this.#topics.clear();
    }
    let topics = this.#topics.get(clientId);
    if (topics === undefined) {
      if (this.#topics.size >= CLIENTS) return OTHERS;
      topics = new Set();
      this.#topics.set(clientId, topics);
    }
    const told = topic.length <= LENGTH ? topic : `${topic.slice(0, LENGTH)}…`;
    if (topics.has(told)) return told;
    if (topics.size >= TOPICS) return OTHERS;
    topics.add(told);
    return told;
  }
}
