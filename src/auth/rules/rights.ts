import type { Rights } from "../../session/rights.ts";
import { isReservedTopic } from "../../router/topics/filter.ts";
import { AnswerCache } from "./answer_cache.ts";
import {
  type Decision,
  decisionOf,
  type RightsAction,
  type RightsBasis,
  sentenceOf,
} from "./explain.ts";
import { judge, judgeFilter, levelsOf, type Verdict } from "./layers.ts";

/** What one client may do by a file of rules. Remembers its answers, within bounds. */
export class RuleRights implements Rights {
  readonly #basis: RightsBasis;
  readonly #publish = new AnswerCache();
  readonly #receive = new AnswerCache();
  readonly #subscribe = new AnswerCache();

  /** Takes what it follows from. */
  constructor(basis: RightsBasis) {
    this.#basis = basis;
  }

  /** See {@linkcode Rights}. */
  mayPublish(topic: string): boolean {
    const known = this.#publish.get(topic);
    if (known !== undefined) return known;
    const { allowed } = this.#verdict("publish", topic);
    this.#publish.set(topic, allowed);
    return allowed;
  }

  /** See {@linkcode Rights}. */
  mayReceive(topic: string): boolean {
    const known = this.#receive.get(topic);
    if (known !== undefined) return known;
    const { allowed } = this.#verdict("receive", topic);
    this.#receive.set(topic, allowed);
    return allowed;
  }

  /**
   * See {@linkcode Rights}. Somebody who may read `a/#` alone may subscribe to `#`, and gets what is below `a`: each
   * message is asked for again when it is delivered.
   */
  maySubscribe(filter: string): boolean {
    const known = this.#subscribe.get(filter);
    if (known !== undefined) return known;
    const { allowed } = this.#verdict("subscribe", filter);
    this.#subscribe.set(filter, allowed);
    return allowed;
  }

  /** What the rules say, by which of them, and what would be needed. `topic` is a filter for `subscribe`. */
  decide(action: RightsAction, topic: string): Decision {
    return decisionOf(this.#basis, this.#verdict(action, topic), {
      action,
      topic,
    });
  }

  /** The same in one sentence, for who keeps the broker. Clients are told {@linkcode Decision.brief} at most. */
  explain(action: RightsAction, topic: string): string {
    return sentenceOf(this.#basis, this.decide(action, topic), {
      action,
      topic,
    });
  }

  #verdict(action: RightsAction, topic: string): Verdict {
    const { layers, names } = this.#basis;
    if (action === "subscribe") return judgeFilter(layers, names, topic);
    if (action === "publish" && isReservedTopic(topic)) {
      return { allowed: false };
    }
    return judge(layers, names, {
      topic: levelsOf(layers, topic),
      access: action === "publish" ? "write" : "read",
    });
  }
}
