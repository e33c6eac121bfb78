import type { Mailbox } from "../core/mailbox.ts";
import type { Access } from "./rights/access.ts";
import type { RouterHandle, RouterMessage } from "./messages.ts";
import type { Registry } from "./sessions/registry.ts";
import type { Restore } from "./sessions/restore.ts";
import type { RetainedMessages } from "./retained/messages.ts";
import type { SystemMessages } from "./delivery/system_messages.ts";
import type { Tracing } from "./delivery/tracing.ts";

/**
 * One batch in so many is timed while nothing is traced: two looks at the clock for each would cost more than 2 % of
 * throughput.
 */
const TIMED = 16;

/** What a {@linkcode RouterHandle} is made of. */
export interface HandleParts extends
  Pick<
    RouterHandle,
    "governor" | "disk" | "waits" | "alarms" | "close"
  > {
  /** Takes what the Store held. */
  readonly restore: Restore;
  /** The Router's mailbox. */
  readonly mailbox: Mailbox<RouterMessage>;
  /** Does something in a turn of the Router. */
  turn(work: () => void): void;
  /** Who may do what. */
  readonly access: Access;
  /** Publishes the broker's own messages. */
  readonly system: SystemMessages;
  /** The sessions. */
  readonly registry: Registry;
  /** The retained messages. */
  readonly retained: RetainedMessages;
  /** Follows publishes. */
  readonly tracing: Tracing;
}

/** The handle of a Router that has these. */
export function handleOf(parts: HandleParts): RouterHandle {
  const { mailbox, registry, retained, restore, turn, governor, disk } = parts;
  const { waits, alarms, system, access, tracing, close } = parts;
  const send = (message: RouterMessage) => mailbox.sendUrgent(message);
  let batches = 0;
  return {
    connect: (arrival) => send({ type: "connect", arrival }),
    submit: (link, packets) => {
      const { promise, resolve: done } = Promise.withResolvers<void>();
      const isTimed = batches++ % TIMED === 0 || tracing.tracer !== undefined;
      const since = isTimed ? performance.now() : undefined;
      const start = { next: 0, task: undefined, since };
      const batch = { type: "batch", link, packets, ...start, done } as const;
      if (!mailbox.trySend(batch)) mailbox.send(batch).catch(done);
      return promise;
    },
    disconnected: (link, cause) => send({ type: "disconnected", link, cause }),
    drained: (link) => send({ type: "drained", link }),
    committed: () => send({ type: "committed" }),
    raise: (name, matter, sentence) =>
      send({ type: "alarm", change: { name, matter, sentence } }),
    clear: (name, matter) =>
      send({ type: "alarm", change: { name, matter, sentence: undefined } }),
    alarms,
    system: {
      get heard() {
        return system.heard;
      },
      onSubscribe: (callback) => system.onSubscribe = callback,
      keep: (topic, text) => system.keep(topic, text),
      publish: (messages) =>
        turn(() => {
          for (const [topic, text] of messages) system.publish(topic, text);
        }),
    },
    ask: (question) => {
      const { promise, resolve, reject } = Promise.withResolvers<
        ReturnType<typeof question>
      >();
      const answer = () => {
        try {
          resolve(question(registry));
        } catch (error) {
          reject(error);
        }
      };
      send({ type: "ask", answer });
      return promise;
    },
    governor,
    disk,
    waits,
    clockSet: () => turn(() => {}),
    restore,
    restored: () =>
      turn(() => {
        restore.finish();
        retained.restored();
      }),
    keepAgain: () => turn(() => registry.keepAgain()),
    changeRights: (source) =>
      turn(() => access.change(source, registry.sessions())),
    trace: (tracer) => tracing.change(tracer),
    close,
  };
}
