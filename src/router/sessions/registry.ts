import type { Connect, Disconnect } from "../../codec/packet.ts";
import { PacketError } from "../../codec/packet_error.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import type { Clock } from "../../core/clock.ts";
import type { DisconnectedCause } from "../../core/counters.ts";
import type { Log } from "../../core/log.ts";
import { type Limits, SESSION_NEVER_EXPIRES } from "../../core/limits.ts";
import type { Timers } from "../../core/timer_wheel.ts";
import type { SessionContext } from "../../session/context.ts";
import type { Link } from "../../session/session.ts";
import { Session } from "../../session/session.ts";
import type { BatchNumber, StoredSession } from "../../store/store.ts";
import type { Access } from "../rights/access.ts";
import { type Arrival, connackFor, grantedInterval } from "./connack.ts";
import { requireRoom } from "./room_check.ts";
import { SessionUser } from "./session_user.ts";
import type { Subscriptions } from "./subscriptions.ts";
import { TakeoverRate } from "./takeover_rate.ts";
import { isWithinLimits } from "../topics/filter.ts";
import type { Wills } from "./wills.ts";

/** What the registry works with. */
export interface RegistryOptions {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** The subscriptions of all sessions. */
  readonly subscriptions: Subscriptions;
  /** Publishes, or cancels, the wills of clients that go. */
  readonly wills: Wills;
  /** Gives sessions their rights. */
  readonly access: Access;
  /** How often a client identifier may be taken over. */
  readonly limits: Limits;
  /** Where it is told of clients that may not use a session, or fight for one. */
  readonly log: Log;
  /** The time to pace that with. */
  readonly clock: Clock;
  /** Lets a client in again, in a turn of its own. */
  readonly connectAgain: (arrival: Arrival) => void;
  /** Calls it when sessions expire. */
  readonly timers: Timers;
}

/** The sessions by client identifier: who comes, who goes, who takes over (3.1.4, 4.1). */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #sessionUser: SessionUser;
  readonly #takeoverRate: TakeoverRate;
  /** Newcomers that wait before they take over, by client identifier. */
  readonly #waiting = new Map<string, Link>();
  readonly #sessions = new Map<string, Session>();
  /** When it went on with what was restored. */
  #resumedAt = -Infinity;

  /** Makes a registry without sessions. */
  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#sessionUser = new SessionUser(options);
    this.#takeoverRate = new TakeoverRate(options);
  }

  /** All sessions, online or not. */
  sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** The session of a client, if it has one. */
  session(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  /** Makes a session again that the Store held. */
  restore({ clientId, expiryInterval, endedAt, user }: StoredSession): void {
    const session = this.#add(clientId, user);
    session.expiryInterval = expiryInterval;
    session.stored = true;
    session.endedAt = endedAt;
  }

  /** Makes a session for a will that the Store held, of a client without a session that is kept. */
  restoreForWill(clientId: string, user: string | undefined): Session {
    return this.#add(clientId, user);
  }

  /** Goes on with what was restored, as if all connections had ended now. */
  resume(): void {
    const { context, wills } = this.#options;
    this.#resumedAt = context.now;
    for (const session of this.#sessions.values()) {
      if (session.link !== undefined) continue;
      if (!session.persistent) {
        // It ended with its connection: its will is published whatever its delay [MQTT-3.1.3-9].
        this.end(session);
        continue;
      }
      if (session.endedAt === undefined) {
        // Online when the broker died. Kept, so that its time runs on over the starts to come.
        session.endedAt = context.now;
        this.#save(session);
      }
      wills.connectionLost(session);
      this.#expireLater(session);
    }
  }

  /** Takes into account that sessions which nobody has used since the start were left for so many milliseconds longer. */
  timePassed(milliseconds: number): void {
    for (const session of this.#sessions.values()) {
      const { endedAt, persistent } = session;
      if (!persistent || endedAt === undefined || endedAt > this.#resumedAt) {
        continue;
      }
      session.endedAt = endedAt - milliseconds;
      this.#save(session);
      session.expiryTimer?.cancel();
      this.#expireLater(session);
    }
  }

  /** Has the Store write sessions, subscriptions, wills and QoS 2 identifiers again: it may have lost some of them. */
  keepAgain(): void {
    const { store } = this.#options.context;
    for (const session of this.#sessions.values()) {
      const { clientId, stored, subscriptions, received, will } = session;
      if (store.durable && will !== undefined) store.saveWill(clientId, will);
      if (!stored) continue;
      this.#save(session);
      for (const one of subscriptions.values()) {
        store.saveSubscription(clientId, one);
      }
      for (const packetId of received) store.saveReceived(clientId, packetId);
    }
  }

  /**
   * Lets a client in: takes over from its former connection, resumes or makes its session, and has CONNACK sent
   * when that is committed.
   *
   * @throws {PacketError} If its will cannot be accepted or is denied, or there is no room on the disk for its session.
   */
  connect(arrival: Arrival): void {
    const { connect, link, clientId, user } = arrival;
    const { context, wills, access } = this.#options;
    if (
      connect.will !== undefined &&
      !isWithinLimits(connect.will.topic, context.limits)
    ) {
      throw new PacketError(
        ReasonCode.TopicNameInvalid,
        "Cannot accept the will: its topic has too many levels or bytes",
      );
    }
    access.requireWill(arrival);
    const former = this.#sessions.get(clientId);
    if (former !== undefined) this.#sessionUser.require(former, user);
    if (!context.disk.ample) {
      requireRoom({
        connect,
        lasts: this.#expiryInterval(connect) > 0,
        isStored: former?.stored === true,
        unopened: context.disk.unopened,
      });
    }
    if (former?.link !== undefined) {
      if (this.#waits(arrival, former.link)) return;
      this.#endLink(former, "sessionTakenOver");
    }
    // An ephemeral session ended with its connection, so look again.
    let session = this.#sessions.get(clientId);
    let wiped: BatchNumber = 0;
    if (
      session !== undefined && (connect.cleanStart || !session.persistent)
    ) {
      wiped = this.end(session);
      session = undefined;
    }
    const present = session !== undefined;
    session ??= this.#add(clientId, user);
    if (session.owner === undefined) this.#own(session, user);
    session.cancelTimers();
    session.expiryInterval = this.#expiryInterval(connect);
    session.link = link;
    session.limits = link.limits;
    session.endedAt = undefined;
    link.session = session;
    link.askedExpiry = connect.properties.sessionExpiryInterval ?? 0;
    const { store } = context;
    session.stored ||= store.durable && session.persistent;
    const saved = session.stored ? this.#save(session) : 0;
    const batch = Math.max(wiped, saved, wills.keep(session, connect.will));
    context.whenCommitted(
      link,
      batch,
      () => this.#accept(arrival, session, present),
    );
  }

  /** Notes that a connection has ended. Does nothing where another one has taken its place. */
  disconnected(link: Link, cause: DisconnectedCause): void {
    const session = link.session;
    if (session === undefined || session.link !== link) return;
    session.outbound.detach();
    session.link = undefined;
    const { wills, context } = this.#options;
    session.endedAt = context.now;
    // A client that was not let in has no will yet.
    if (!link.accepted) wills.discard(session);
    if (session.stored && session.persistent) this.#save(session);
    if (cause === "shutdown") {
      // With a Store that outlives the process, wills and sessions go on at the next start.
      if (context.store.durable) return;
    } else wills.connectionLost(session);
    if (session.expiryInterval === 0) this.end(session);
    else this.#expireLater(session);
  }

  /**
   * Ends a session; its will, if it still waits, is published now [MQTT-3.1.3-9]. Returns the batch with which it
   * is forgotten.
   */
  end(session: Session): BatchNumber {
    const { context, subscriptions, wills } = this.#options;
    session.cancelTimers();
    if (this.#sessions.get(session.clientId) === session) {
      this.#sessions.delete(session.clientId);
      context.counters.sessionsNow--;
    }
    subscriptions.removeAll(session);
    session.outbound.end();
    wills.publish(session);
    return session.stored ? context.store.removeSession(session.clientId) : 0;
  }

  /**
   * Gives a session to another user; a client that is connected with it has to come again. Calls back when that is
   * committed.
   */
  give(session: Session, owner: string, done: () => void): void {
    const { context, wills } = this.#options;
    this.#endLink(session, "administrative");
    // For its former owner the session ends, and the will with it: it must not go out by the rights of the next one.
    if (session.owner !== owner) wills.publish(session);
    let batch: BatchNumber = 0;
    if (this.#sessions.get(session.clientId) === session) {
      this.#own(session, owner);
      if (session.stored) batch = this.#save(session);
    }
    context.whenCommitted(undefined, batch, done);
  }

  /** Ends a session, and the connection of its client. Calls back when it is forgotten. */
  remove(session: Session, done: () => void): void {
    const { context } = this.#options;
    this.#endLink(session, "administrative");
    const isLeft = this.#sessions.get(session.clientId) === session;
    const batch = isLeft ? this.end(session) : 0;
    context.whenCommitted(undefined, batch, done);
  }

  /** Takes a client's leave: DISCONNECT (3.14). Only reason code 0x00 takes the will along. */
  leave(link: Link, session: Session, packet: Disconnect): void {
    const { sessionExpiryInterval } = packet.properties;
    if (sessionExpiryInterval !== undefined) {
      this.#changeExpiry(link, session, sessionExpiryInterval);
    }
    if (packet.reasonCode === ReasonCode.NormalDisconnection) {
      this.#options.wills.discard(session);
    }
    link.owner.end("clientDisconnect");
  }

  /** Takes a new expiry interval, in seconds as in the packet (3.14.2.2.2). */
  #changeExpiry(link: Link, session: Session, seconds: number): void {
    if (link.askedExpiry === 0 && seconds !== 0) {
      throw new PacketError(
        ReasonCode.ProtocolError,
        "Cannot change the session expiry interval: it was 0 in CONNECT",
      );
    }
    session.expiryInterval = this.#limited(seconds);
    if (session.stored) this.#save(session);
  }

  #save({ clientId, expiryInterval, endedAt, owner }: Session): BatchNumber {
    const { store } = this.#options.context;
    return store.saveSession({
      clientId,
      expiryInterval,
      endedAt,
      ...(owner !== undefined && { user: owner }),
    });
  }

  /** Ends a session when its interval has passed since its connection ended. */
  #expireLater(session: Session): void {
    if (session.expiryInterval === Infinity) return;
    const { context, timers } = this.#options;
    const end = session.endedAt! + session.expiryInterval * 1000;
    session.expiryTimer = timers.schedule(
      Math.max(0, end - context.now),
      () => this.end(session),
    );
  }

  /** Has a newcomer wait that goes on in a fight for a client identifier: it comes again then, if no other has come. */
  #waits(arrival: Arrival, present: Link): boolean {
    if (arrival.waited) return false;
    const { clientId, link } = arrival;
    const { timers, connectAgain } = this.#options;
    const wait = this.#takeoverRate.takeover(
      clientId,
      present.origin.address,
      link.origin.address,
    );
    this.#waiting.get(clientId)?.owner.end("sessionTakenOver");
    this.#waiting.delete(clientId);
    if (wait === 0) return false;
    this.#waiting.set(clientId, link);
    timers.schedule(wait, () => {
      if (this.#waiting.get(clientId) !== link) return;
      this.#waiting.delete(clientId);
      if (!link.ended) connectAgain({ ...arrival, waited: true });
    });
    return true;
  }

  /** Ends the connection that a session has, if any; the session with it, if it does not outlive that. */
  #endLink({ link }: Session, cause: DisconnectedCause): void {
    if (link === undefined) return;
    link.owner.end(cause);
    this.disconnected(link, cause);
  }

  #add(clientId: string, owner: string | undefined): Session {
    const { context } = this.#options;
    const session = new Session(context, clientId, 0);
    this.#own(session, owner);
    this.#sessions.set(clientId, session);
    context.counters.sessionsNow++;
    return session;
  }

  #own(session: Session, owner: string | undefined): void {
    session.owner = owner;
    this.#options.access.giveRights(session);
  }

  #accept(arrival: Arrival, session: Session, present: boolean): void {
    const { link } = arrival;
    // Taken over, or gone, before the commit came.
    if (session.link !== link || link.ended) return;
    const connack = connackFor(arrival, session, present, link.limits);
    if (connack.length > link.terms.maximumPacketSize) {
      // The client cannot be told that it may come in [MQTT-3.1.2-24].
      link.owner.end(
        "packetTooLarge",
        ReasonCode.PacketTooLarge,
        `Cannot accept the client: it takes packets of ${link.terms.maximumPacketSize} bytes, and CONNACK has ${connack.length}`,
      );
      return;
    }
    link.ready = true;
    link.accepted = true;
    link.acceptedAt = this.#options.context.now;
    link.send(connack, 0);
    arrival.accepted();
    this.#options.context.touch(link);
    session.outbound.resume();
    session.outbound.pump();
  }

  /** Before 5.0 a session either ends with its connection or stays. */
  #expiryInterval(connect: Connect): number {
    if (connect.protocolVersion === 5) {
      return this.#limited(connect.properties.sessionExpiryInterval ?? 0);
    }
    return connect.cleanStart ? 0 : this.#limited(SESSION_NEVER_EXPIRES);
  }

  #limited(seconds: number): number {
    return grantedInterval(seconds, this.#options.context.limits);
  }
}
