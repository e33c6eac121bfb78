import {
  DEFAULT_QUEUE_POLICIES,
  QUEUE_POLICIES,
  type QueuePolicy,
} from "../../session/queue_policy.ts";
import { choice, type DefaultedSetting } from "./setting.ts";

const POLICY = choice(QUEUE_POLICIES, "policies are");

/** What becomes of messages where there are too many. */
export const QUEUE_SETTINGS: {
  readonly one: DefaultedSetting<QueuePolicy>;
  readonly all: DefaultedSetting<QueuePolicy>;
} = {
  one: {
    name: "queues.when_queue_full",
    flag: "when-queue-full",
    placeholder: "POLICY",
    example: "drop-newest",
    help:
      "what becomes of messages where a session or shared group has as many waiting as it may: drop-oldest and " +
      "drop-newest are for this session alone; refuse tells the publisher, if it speaks MQTT 5, and nobody gets it",
    defaultText: DEFAULT_QUEUE_POLICIES.one,
    default: DEFAULT_QUEUE_POLICIES.one,
    takesEffect: "at restart",
    ...POLICY,
  },
  all: {
    name: "queues.when_all_queues_full",
    flag: "when-all-queues-full",
    placeholder: "POLICY",
    example: "drop-oldest",
    help:
      "the same where all of them together have; refuse has publishers before MQTT 5 wait until there is room",
    defaultText: DEFAULT_QUEUE_POLICIES.all,
    default: DEFAULT_QUEUE_POLICIES.all,
    takesEffect: "at restart",
    ...POLICY,
  },
};
