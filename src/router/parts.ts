// What the Router is made of, built in the order in which the parts need each other.

import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Timers } from "../core/timer_wheel.ts";
import type { SessionContext } from "../session/context.ts";
import type { QueuePolicies } from "../session/queue_policy.ts";
import type { RightsSource } from "../session/rights.ts";
import type { Store } from "../store/store.ts";
import { Alarms } from "./delivery/alarms.ts";
import { DiskSpaceCheck } from "./delivery/disk_space_check.ts";
import { Dispatcher } from "./delivery/dispatcher.ts";
import { Publishing } from "./delivery/publishing.ts";
import { RouteTable, type Subscriber } from "./delivery/route.ts";
import { SystemMessages } from "./delivery/system_messages.ts";
import { TopicTable } from "./delivery/topic_table.ts";
import { Tracing } from "./delivery/tracing.ts";
import type { Guard } from "./guard.ts";
import { MemoryGovernor } from "./memory_governor.ts";
import { PacketHandlers } from "./packet_handlers.ts";
import { RetainedMessages } from "./retained/messages.ts";
import { Access } from "./rights/access.ts";
import type { Arrival } from "./sessions/connack.ts";
import { Registry } from "./sessions/registry.ts";
import { Restore } from "./sessions/restore.ts";
import { Subscriptions } from "./sessions/subscriptions.ts";
import { Wills } from "./sessions/wills.ts";
import type { DurabilityRules } from "./topics/durability_rules.ts";
import { SubscriptionTree } from "./topics/subscription_tree.ts";
import { Worklist } from "./worklist.ts";

/** What the Router is made with. */
export interface RouterOptions {
  /** What clients may use. */
  readonly limits: Limits;
  /** Where drops and refusals are counted. */
  readonly counters: Counters;
  /** Where it tells of slow consumers and faults. */
  readonly log: Log;
  /** The time of expiry, wills and sessions. */
  readonly clock: Clock;
  /** Where it keeps what must last. */
  readonly store: Store;
  /** What becomes of messages where there are too many; left out, {@linkcode DEFAULT_QUEUE_POLICIES}. */
  readonly queuePolicies?: QueuePolicies;
  /** What of it; left out, all. */
  readonly durability?: DurabilityRules;
  /** Who may do what; left out, nothing is forbidden. */
  readonly rights?: RightsSource;
}

/** What the parts ask of the Router around them. */
export interface RouterSurroundings {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** Wakes a part in a turn of the Router. */
  readonly timers: Timers;
  /** Ends the client over which something went wrong. */
  readonly guard: Guard;
  /** Lets a client in later, whose client identifier was still in use. */
  readonly connectAgain: (arrival: Arrival) => void;
  /** Looks at the clock. */
  readonly lookAtClock: () => void;
}

/** The parts that the Router itself calls. */
export interface RouterParts {
  readonly retained: RetainedMessages;
  readonly access: Access;
  readonly tracing: Tracing;
  readonly system: SystemMessages;
  readonly alarms: Alarms;
  readonly diskSpaceCheck: DiskSpaceCheck;
  readonly registry: Registry;
  readonly worklist: Worklist;
  readonly restore: Restore;
  readonly governor: MemoryGovernor;
}

/** Makes the parts of a Router. */
export function makeParts(
  options: RouterOptions,
  around: RouterSurroundings,
): RouterParts {
  const { context, timers, guard } = around;
  const retained = new RetainedMessages(context, timers, options.durability);
  const tree = new SubscriptionTree<Subscriber>();
  const access = new Access({ ...options, context, tree, timers });
  const topics = new TopicTable(options.durability);
  const routes = new RouteTable(tree);
  const dispatcher = new Dispatcher({ context, tree, routes, topics });
  const tracing = new Tracing({ context, dispatcher, timers });
  const system = new SystemMessages({ dispatcher, retained, topics, tree });
  const subscriptions = new Subscriptions({
    ...options,
    context,
    tree,
    retained,
    system,
    access,
    timers,
  });
  const diskSpaceCheck = new DiskSpaceCheck({ context, dispatcher });
  const wills = new Wills({
    context,
    dispatcher,
    retained,
    topics,
    timers,
    access,
  });
  const registry = new Registry({
    ...options,
    context,
    subscriptions,
    wills,
    access,
    timers,
    connectAgain: around.connectAgain,
  });
  const handlers = new PacketHandlers({
    context,
    dispatcher,
    publishing: new Publishing({
      context,
      dispatcher,
      retained,
      diskSpaceCheck,
      access,
      tracing,
    }),
    subscriptions,
    registry,
    tracing,
  });
  return {
    retained,
    access,
    tracing,
    system,
    alarms: new Alarms(system),
    diskSpaceCheck,
    registry,
    worklist: new Worklist({
      dispatcher,
      routing: options.counters.routing,
      tracing,
      onPacket: (link, session, packet) => handlers.take(link, session, packet),
      onFault: guard.fail,
    }),
    restore: new Restore({
      ...options,
      registry,
      subscriptions,
      retained,
      begin: around.lookAtClock,
    }),
    governor: new MemoryGovernor({
      ...options,
      timers,
      sessions: () => registry.sessions(),
      endSession: (session) => registry.end(session),
    }),
  };
}
