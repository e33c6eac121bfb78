import type { Publish } from "../../codec/packet.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Link } from "../../session/session.ts";
import type { Session } from "../../session/session.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { isWithinLimits } from "../topics/filter.ts";
import type { TopicEntry } from "./topic_table.ts";

/** What stands against taking a message, in words. */
export const MESSAGE_OBSTACLES = {
  disk: "there is no room on the disk",
  store: "the store is not open yet",
  allQueues: "all queues together are full",
  queue: "the queue of a subscriber is full",
} as const;

/** One of {@linkcode MESSAGE_OBSTACLES}. */
export type MessageObstacle = keyof typeof MESSAGE_OBSTACLES;

/** What {@linkcode DiskSpaceCheck} works with. */
export interface DiskSpaceCheckOptions {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** Knows who gets a message. */
  readonly dispatcher: Dispatcher;
}

/** Says what must be kept on the disk: asked before anybody sees a message, and only while there is little room. */
export class DiskSpaceCheck {
  readonly #context: SessionContext;
  readonly #dispatcher: Dispatcher;

  /** Asks this dispatcher for routes. */
  constructor(options: DiskSpaceCheckOptions) {
    this.#context = options.context;
    this.#dispatcher = options.dispatcher;
  }

  /** What stands against taking a PUBLISH with QoS 1 or 2, of a client that can be told. */
  obstacle(
    session: Session,
    packet: Publish,
    topic: TopicEntry,
  ): MessageObstacle | undefined {
    const { disk, queuePolicies } = this.#context;
    if (!disk.takesMessages && this.publish(session, packet, topic)) {
      if (disk.ample) return "allQueues";
      return disk.unopened === undefined ? "disk" : "store";
    }
    if (queuePolicies.one !== "refuse") return undefined;
    const { targets, groups } = this.#dispatcher.routeOf(topic);
    const size = packet.end - packet.start;
    const full =
      targets.some((target) =>
        target.qos > 0 && target.session.outbound.refuses(size) &&
        (target.session !== session || target.own !== undefined)
      ) || groups.some((group) => group.refuses(size, topic.text));
    return full ? "queue" : undefined;
  }

  /** Whether a PUBLISH with QoS 1 or 2 that a session sends must be kept. */
  publish(session: Session, packet: Publish, topic: TopicEntry): boolean {
    if (packet.qos === 2 && session.stored) return true;
    // Sessions that nobody could read may wait for it.
    if (this.#context.disk.unopened === "unread") {
      return topic.durability !== "off";
    }
    if (topic.durability === "off") return false;
    if (packet.retain && packet.end > packet.payloadStart) return true;
    const { targets, groups } = this.#dispatcher.routeOf(topic);
    return targets.some((target) =>
      target.qos > 0 && target.session.isKept &&
      (target.session !== session || target.own !== undefined)
    ) || groups.some((group) => group.persistent);
  }

  /**
   * Whether a PUBLISH of a client that cannot be refused anything, which it has not been since 5.0, must wait until
   * there is room.
   */
  waits(link: Link, packet: Publish): boolean {
    const { session } = link;
    if (session === undefined || packet.qos === 0) return false;
    if (packet.qos === 2 && session.received.has(packet.packetId)) return false;
    const topic = this.#dispatcher.topicOf(packet);
    // Whether the topic may be published to is told by whoever publishes it.
    if (
      topic.reserved || session.rights?.mayPublish(topic.text) === false ||
      !isWithinLimits(topic.text, this.#context.limits)
    ) return false;
    return this.publish(session, packet, topic);
  }
}
