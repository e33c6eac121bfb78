import type { Link } from "../session/session.ts";
import type { Session } from "../session/session.ts";
import type { Registry } from "./sessions/registry.ts";
import type { RouterHandle } from "./handle.ts";

/** What is known of one session, at one moment. Times are milliseconds of the broker's clock. */
export interface SessionRecord {
  /** The client identifier. */
  readonly clientId: string;
  /** Whose it is; `undefined` for nobody's in particular. */
  readonly owner: string | undefined;
  /** Its connection, while it has one. */
  readonly link: Link | undefined;
  /** Since when it has had none. */
  readonly offlineSince: number | undefined;
  /** Seconds that it outlives its connection; `Infinity` for ever. */
  readonly expiryInterval: number;
  /** How many subscriptions it has. */
  readonly subscriptions: number;
  /** Messages that wait in it. */
  readonly queuedMessages: number;
  /** Bytes of these, about. */
  readonly queuedBytes: number;
  /** Messages that it was sent and has not acknowledged. */
  readonly inflight: number;
}

/** Sessions that are looked at in one turn of the Router. */
const AT_ONCE = 1000;

/** What an operator may look at and do to sessions, while the broker goes on. */
export class SessionAdmin {
  readonly #router: Pick<RouterHandle, "ask">;

  /** Asks this Router. */
  constructor(router: Pick<RouterHandle, "ask">) {
    this.#router = router;
  }

  /** All sessions, online or not, each as it is at the moment at which it is looked at. */
  async list(): Promise<SessionRecord[]> {
    const records: SessionRecord[] = [];
    const clientIds = await this.#router.ask((registry) =>
      Array.from(registry.sessions(), ({ clientId }) => clientId)
    );
    for (let at = 0; at < clientIds.length; at += AT_ONCE) {
      await this.#router.ask((registry) => {
        for (const clientId of clientIds.slice(at, at + AT_ONCE)) {
          const session = registry.session(clientId);
          if (session !== undefined) records.push(recordOf(session));
        }
      });
    }
    return records;
  }

  /** Ends a client's connection; says whether it had one. */
  disconnect(clientId: string): Promise<boolean> {
    return this.#router.ask((registry) => {
      const link = registry.session(clientId)?.link;
      link?.owner.end("administrative");
      return link !== undefined;
    });
  }

  /** Gives a session to a user, and ends its connection; says whether there is one. */
  adopt(clientId: string, user: string): Promise<boolean> {
    return this.#withSession(
      clientId,
      (registry, session, done) => registry.give(session, user, done),
    );
  }

  /** Ends a session, and its connection; says whether there was one. */
  delete(clientId: string): Promise<boolean> {
    return this.#withSession(
      clientId,
      (registry, session, done) => registry.remove(session, done),
    );
  }

  async #withSession(
    clientId: string,
    work: (registry: Registry, session: Session, done: () => void) => void,
  ): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    await this.#router.ask((registry) => {
      const session = registry.session(clientId);
      if (session === undefined) resolve(false);
      else work(registry, session, () => resolve(true));
    });
    return await promise;
  }
}

function recordOf(session: Session): SessionRecord {
  const { clientId, owner, link, outbound } = session;
  return {
    clientId,
    owner,
    link: link?.accepted ? link : undefined,
    offlineSince: link === undefined ? session.endedAt : undefined,
    expiryInterval: session.expiryInterval,
    subscriptions: session.subscriptions.size,
    queuedMessages: outbound.queuedMessages,
    queuedBytes: outbound.load.bytes,
    inflight: outbound.load.inflight,
  };
}
