/** What becomes of a message for which its queue has no room. */
export const QUEUE_POLICIES = ["drop-oldest", "drop-newest", "refuse"] as const;

/**
 * One of {@linkcode QUEUE_POLICIES}: the oldest messages of the queue make room for it; it is dropped; or it is not
 * accepted from its publisher (MQTT 5 with QoS 1 and 2), so that nobody gets it.
 */
export type QueuePolicy = typeof QUEUE_POLICIES[number];

/** The policies for full queues. */
export interface QueuePolicies {
  /** Where the queue of one session or shared group is full. */
  readonly one: QueuePolicy;
  /** Where all queues together are. */
  readonly all: QueuePolicy;
}

/**
 * Without flags: who does not come back misses the oldest messages, and nobody else anything; where all the room for
 * queues is taken, nothing is accepted that could not be kept.
 */
export const DEFAULT_QUEUE_POLICIES: QueuePolicies = {
  one: "drop-oldest",
  all: "refuse",
};
