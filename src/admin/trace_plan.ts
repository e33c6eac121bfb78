import { matches } from "../router/topics/filter.ts";

/** Which publishes are traced. Without anything in it, all. */
export interface TracePlan {
  /** Those of this client alone. */
  readonly clientId?: string | undefined;
  /** Those to topics that this topic filter matches alone. */
  readonly topic?: string | undefined;
  /**
   * The share of these, from 0 to 1. A publish that says itself whether it is part of a trace goes by that. Left out, all
   * of them are traced, whatever they say.
   */
  readonly share?: number | undefined;
}

/** What a plan is asked about. */
export interface TraceCandidate {
  /** The publisher. */
  readonly clientId: string;
  /** The topic. */
  readonly topic: string;
}

/** Whether a client and a topic are those that a plan names, if it names any. */
export function isMeant(
  { clientId, topic }: TracePlan,
  candidate: TraceCandidate,
): boolean {
  return (clientId === undefined || clientId === candidate.clientId) &&
    (topic === undefined || matches(topic, candidate.topic));
}

/** Whether a publish is in the share of a plan, by the span it was sent in if there is one, else by a number from 0 up to 1. */
export function isSampled(
  { share }: TracePlan,
  parent: { readonly isSampled: boolean } | undefined,
  random: number,
): boolean {
  return share === undefined || (parent?.isSampled ?? random < share);
}

/** A plan in words that stand behind "traced are" or the like. */
export function describePlan({ clientId, topic, share }: TracePlan): string {
  return [
    share === undefined ? "all publishes" : `${
      // Not 0.30000000000000004%.
      Number((share * 100).toPrecision(12))}% of publishes`,
    ...(clientId === undefined ? [] : [`of ${JSON.stringify(clientId)}`]),
    ...(topic === undefined ? [] : [`to ${JSON.stringify(topic)}`]),
  ].join(" ");
}
