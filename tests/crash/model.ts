/**
 * What clients may assume of a broker that keeps its word, whatever happens to it. The model knows only what clients
 * sent and were told, and in which order: every such event has a number of its own, its moment.
 *
 * @module
 */

import {
  type Change,
  claim,
  type Delivery,
  disorder,
  judge,
  matches,
  possibleRetained,
  type Sent,
  type Subscriber,
} from "./verdict.ts";

/** All that clients did and saw, and what was wrong with it. */
export class Model {
  /** What a broker that keeps its word would not have done, one sentence each. */
  readonly violations: string[] = [];
  readonly #sent = new Map<string, Sent>();
  readonly #numbers = new Map<string, number>();
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #sessions = new Set<string>();
  #moment = 0;
  #closed = false;
  /** Once nothing changes any more: what subscribers must still get. */
  #missing: Map<string, Set<Sent>> | undefined;

  /** Notes something that must not happen. */
  violation(sentence: string): void {
    this.violations.push(sentence);
  }

  /** Notes that CONNACK accepted a client with a session that is kept, and whether the broker knew it. */
  accepted(client: string, present: boolean): void {
    if (this.#sessions.has(client) && !present) {
      this.violation(`${client}: its session is lost`);
    }
    this.#sessions.add(client);
  }

  /** Makes the next message of a publisher; an empty payload stays empty, any other gets the id in front. */
  send(
    message: Pick<Sent, "publisher" | "topic" | "payload" | "qos" | "retain">,
  ): Sent {
    const { publisher, payload } = message;
    const number = (this.#numbers.get(publisher) ?? 0) + 1;
    this.#numbers.set(publisher, number);
    const id = `${publisher}:${number}`;
    const sent = {
      ...message,
      id,
      number,
      payload: payload === "" ? "" : `${id} ${payload}`,
      first: ++this.#moment,
      sends: 0,
      owed: undefined,
      over: Infinity,
    };
    this.#sent.set(id, sent);
    return sent;
  }

  /** Notes that the broker said that it has a message, or that a will is due. */
  owe(sent: Sent): void {
    sent.owed ??= ++this.#moment;
  }

  /** Notes that a message will never be sent again, nor what was sent of it arrive. */
  giveUp(sent: Sent): void {
    sent.over = ++this.#moment;
  }

  /** Makes a subscriber known, whose subscriptions are all at this QoS. */
  subscriber(client: string, qos: 1 | 2): void {
    this.#subscribers.set(client, {
      qos,
      changes: new Map(),
      deliveries: [],
    });
  }

  /**
   * Makes a shared group known by its filter `$share/group/filter`. Its members share what it may claim, as if it were
   * one subscriber.
   */
  group(filter: string, qos: 1 | 2): void {
    this.subscriber(filter, qos);
  }

  /** Notes that a subscriber sends SUBSCRIBE or UNSUBSCRIBE; the last change of that filter is acknowledged. */
  change(client: string, filter: string, on: boolean): Change {
    const { changes } = this.#subscribers.get(client)!;
    const sent = ++this.#moment;
    const change = { filter, on, sent, acknowledged: Infinity };
    changes.set(filter, [...changes.get(filter) ?? [], change]);
    const group = this.#subscribers.get(filter)?.changes;
    const shared = filterOf(filter);
    group?.set(shared, [...group.get(shared) ?? [], change]);
    return change;
  }

  /** Notes that a change was acknowledged. */
  acknowledge(change: Change): void {
    change.acknowledged = ++this.#moment;
  }

  /** The changes that left a subscriber with its subscriptions. */
  subscriptions(client: string): Change[] {
    const { changes } = this.#subscribers.get(client)!;
    return [...changes.values()].map((of) => of.at(-1)!).filter(({ on }) => on);
  }

  /** From now on nothing is to come any more. */
  close(): void {
    this.#closed = true;
  }

  /** Notes what a subscriber received. */
  deliver(client: string, delivery: Delivery): void {
    const { id, topic, payload, retain } = delivery;
    const claimant = this.#claimant(client, topic);
    const { qos, deliveries } = this.#subscribers.get(claimant)!;
    const sent = this.#sent.get(id);
    if (this.#closed) {
      this.violation(`${client}: received ${id} after all had been drained`);
    } else if (sent === undefined || sent.payload !== payload) {
      this.violation(`${client}: received ${id}, which nobody sent so`);
    } else if (
      sent.topic !== topic || retain || Math.min(sent.qos, qos) !== delivery.qos
    ) {
      this.violation(`${client}: received ${JSON.stringify(delivery)}`);
    } else {
      deliveries.push({ ...delivery, sent });
      this.#missing?.get(claimant)?.delete(sent);
    }
  }

  /** Who claims what a client receives on a topic: its shared group, if that has such a filter, or the client. */
  #claimant(client: string, topic: string): string {
    for (const filter of this.#subscribers.get(client)!.changes.keys()) {
      if (isShared(filter) && matches(filterOf(filter), topic)) return filter;
    }
    return client;
  }

  /** The moment now. */
  get moment(): number {
    return this.#moment;
  }

  /** Looks at all retained messages: what was found is not older than what was owed at that moment. */
  checkRetained(since: number, found: ReadonlyMap<string, string>): void {
    const retained = [...this.#sent.values()].filter(({ retain }) => retain);
    for (const [topic, of] of Map.groupBy(retained, ({ topic }) => topic)) {
      const payload = found.get(topic) ?? "";
      const possible = possibleRetained(of, since);
      if (possible.some((sent) => (sent?.payload ?? "") === payload)) continue;
      this.violation(
        `${topic}: ${payload || "nothing"} is retained, not one of ${
          possible.map((sent) => sent?.id).join(", ")
        }`,
      );
    }
  }

  /** From now on nothing changes any more: what is owed is to come. */
  settle(): void {
    this.#missing = new Map();
    for (const [client, subscriber] of this.#subscribers) {
      const got = new Set(subscriber.deliveries.map(({ sent }) => sent));
      const missing = [...this.#sent.values()].filter((sent) =>
        !got.has(sent) && claim(subscriber, sent) === "must"
      );
      this.#missing.set(client, new Set(missing));
    }
  }

  /** How many messages a subscriber must still get, once all has settled. */
  missing(client: string): number {
    return this.#missing?.get(client)?.size ?? Infinity;
  }

  /** How many messages were sent, how many are owed, and how many deliveries there were. */
  get figures(): string {
    const sent = [...this.#sent.values()];
    const owed = sent.filter((one) => one.owed !== undefined).length;
    const deliveries = [...this.#subscribers.values()]
      .reduce((sum, one) => sum + one.deliveries.length, 0);
    return `${sent.length} messages, ${owed} acknowledged, ${deliveries} deliveries`;
  }

  /** Looks at all deliveries, at the end. */
  checkDeliveries(): void {
    for (const [client, subscriber] of this.#subscribers) {
      const bySent = Map.groupBy(subscriber.deliveries, ({ sent }) => sent);
      for (const sent of this.#sent.values()) {
        const wrong = judge(subscriber, sent, bySent.get(sent) ?? []);
        if (wrong !== undefined) {
          this.violation(`${client}: ${sent.id} on ${sent.topic} ${wrong}`);
        }
      }
      // What is shared among several is in order for none of them.
      if (isShared(client)) continue;
      for (const sentence of disorder(subscriber)) {
        this.violation(`${client}: ${sentence}`);
      }
    }
  }
}

function isShared(filter: string): boolean {
  return filter.startsWith("$share/");
}

/** The filter of a shared subscription, without its group. */
function filterOf(filter: string): string {
  return filter.split("/").slice(2).join("/");
}
