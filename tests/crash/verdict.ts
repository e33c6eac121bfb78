// What a subscriber may claim, and whether it got that.

/** A message from the moment at which it was first sent; a Will Message from its CONNECT on. */
export interface Sent {
  /** Names it among all: its publisher and its number. */
  readonly id: string;
  readonly publisher: string;
  /** Counts the publisher's messages. */
  readonly number: number;
  readonly topic: string;
  readonly payload: string;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  /** The moment at which it was first sent. */
  readonly first: number;
  /** How often it was sent. */
  sends: number;
  /** The moment from which the broker owes it to its subscribers: PUBACK or PUBREC, or what makes a will due. */
  owed: number | undefined;
  /** The moment from which the broker cannot take it on any more: its publisher has given it up. */
  over: number;
}

/** A change of a subscription. */
export interface Change {
  readonly filter: string;
  /** Whether it was subscribed, not unsubscribed. */
  readonly on: boolean;
  readonly sent: number;
  acknowledged: number;
}

/** A message as a subscriber received it. */
export interface Delivery {
  readonly id: string;
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Names the connection over which it came. */
  readonly connection: string;
}

/** What is known of one subscriber, or of a shared group as if it were one. */
export interface Subscriber {
  readonly qos: 1 | 2;
  readonly changes: Map<string, Change[]>;
  /** What it received, in order, without what comes again within an exchange at QoS 2. */
  readonly deliveries: (Delivery & { readonly sent: Sent })[];
}

/** Whether a subscriber must get a message, must not, or may. */
type Claim = "must" | "must not" | "may";

/** What a subscriber can claim of a message. */
export function claim({ changes }: Subscriber, sent: Sent): Claim {
  const states = [...changes]
    .filter(([filter]) => matches(filter, sent.topic))
    .map(([, of]) => {
      const until = sent.owed ?? sent.over;
      const before = of.findLast(({ acknowledged }) =>
        acknowledged < sent.first
      );
      const next = of[before === undefined ? 0 : of.indexOf(before) + 1];
      return next === undefined || next.sent > until
        ? before?.on ?? false
        : undefined;
    });
  if (sent.owed !== undefined && states.includes(true)) return "must";
  return states.every((state) => state === false) ? "must not" : "may";
}

/** Says what is wrong with the deliveries of one message to one subscriber, if anything. */
export function judge(
  subscriber: Subscriber,
  sent: Sent,
  deliveries: readonly Delivery[],
): string | undefined {
  const expected = claim(subscriber, sent);
  if (deliveries.length === 0) {
    return expected === "must" ? "is lost" : undefined;
  }
  if (expected === "must not") return "came without a subscription";
  if (Math.min(sent.qos, subscriber.qos) === 2) {
    return deliveries.length > 1 ? "came twice at QoS 2" : undefined;
  }
  // What a QoS 1 publisher sent again are as many messages for the broker.
  const copies = sent.qos === 2 ? 1 : sent.sends;
  const most = Math.max(
    ...[...Map.groupBy(deliveries, ({ connection }) => connection).values()]
      .map((of) => of.length),
  );
  return most > copies ? "came twice on one connection" : undefined;
}

/**
 * Says which messages of a publisher to a topic came for the first time after a later one. A message that was sent
 * again may find a subscription that was not there when it was sent first.
 */
export function* disorder(subscriber: Subscriber): Generator<string> {
  const last = new Map<string, Sent>();
  for (const sent of new Set(subscriber.deliveries.map(({ sent }) => sent))) {
    const key = `${sent.publisher} ${sent.topic}`;
    const former = last.get(key);
    if (former === undefined || former.number < sent.number) {
      last.set(key, sent);
    } else if (sent.sends < 2 || claim(subscriber, sent) === "must") {
      yield `${sent.id} on ${sent.topic} came after ${former.id}`;
    }
  }
}

/**
 * Which of a topic's messages may be the retained one, at least as new as what was owed at a moment; `undefined` for
 * none yet.
 */
export function possibleRetained(
  messages: readonly Sent[],
  moment: number,
): (Sent | undefined)[] {
  const owed = messages.filter((sent) => (sent.owed ?? Infinity) <= moment);
  if (owed.length === 0) return [undefined, ...messages];
  const latest = Math.max(...owed.map(({ first }) => first));
  return messages.filter((sent) =>
    // Neither was it done with before the latest was sent, nor came a later one of its publisher after it.
    (sent.owed ?? sent.over) > latest &&
    owed.every((one) =>
      one.publisher !== sent.publisher || one.number <= sent.number
    )
  );
}

/** Whether a filter matches a topic: written anew, tests do not trust the broker's. */
export function matches(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  const parts = filter.split("/");
  return parts.every((part, at) =>
    part === "#" || part === levels[at] || (part === "+" && at < levels.length)
  ) && (parts.at(-1) === "#" || parts.length === levels.length);
}
