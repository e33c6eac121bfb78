import {
  DEFAULT_QUEUE_POLICIES,
  QUEUE_POLICIES,
  type QueuePolicies,
  type QueuePolicy,
} from "../session/queue_policy.ts";
import { badValue, type FlagInfo } from "./flags.ts";

const ONE = "when-queue-full";
const ALL = "when-all-queues-full";

/** The flags that say what becomes of messages where there are too many. */
export const QUEUE_FLAGS: readonly FlagInfo[] = [
  {
    name: ONE,
    value: "POLICY",
    example: "drop-newest",
    help:
      "what becomes of messages where a session or shared group has as many waiting as it may: drop-oldest and " +
      "drop-newest are for this session alone; refuse tells the publisher, if it speaks MQTT 5, and nobody gets it",
    defaultText: DEFAULT_QUEUE_POLICIES.one,
  },
  {
    name: ALL,
    value: "POLICY",
    example: "drop-oldest",
    help:
      "the same where all of them together have; refuse has publishers before MQTT 5 wait until there is room",
    defaultText: DEFAULT_QUEUE_POLICIES.all,
  },
];

/** What the flags say. Throws for a value that is not allowed. */
export function parseQueueFlags(
  values: ReadonlyMap<string, readonly string[]>,
): QueuePolicies {
  const policy = (name: string, otherwise: QueuePolicy): QueuePolicy => {
    const text = values.get(name)?.[0];
    if (text === undefined) return otherwise;
    const known = QUEUE_POLICIES.find((one) => one === text);
    if (known !== undefined) return known;
    const policies = "policies are drop-oldest, drop-newest and refuse";
    throw badValue(name, text, policies);
  };
  return {
    one: policy(ONE, DEFAULT_QUEUE_POLICIES.one),
    all: policy(ALL, DEFAULT_QUEUE_POLICIES.all),
  };
}
