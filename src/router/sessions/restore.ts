import {
  isSharedGroup,
  type Store,
  type StoredBacklog,
  type StoredDelivery,
  type StoredSession,
  type StoredSubscription,
  type StoredWill,
  type StoreReader,
} from "../../store/store.ts";
import type { Message } from "../../store/message.ts";
import type { Session } from "../../session/session.ts";
import type { Registry } from "./registry.ts";
import type { RetainedMessages } from "../retained/messages.ts";
import type { SharedGroup } from "../delivery/shared_group.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What a {@linkcode Restore} fills. */
export interface RestoreOptions {
  /** Sessions, and the wills of clients without one. */
  readonly registry: Registry;
  /** Their subscriptions and shared groups. */
  readonly subscriptions: Subscriptions;
  /** Retained messages. */
  readonly retained: RetainedMessages;
  /** The Store. */
  readonly store: Pick<Store, "saveWill">;
  /** Looks at the clock, by which all that follows is judged. */
  readonly begin: () => void;
}

/**
 * Puts back what the Store held when the broker ended, however it ended. All of it comes before the first client, unless
 * the Store could not be opened then.
 */
export class Restore implements StoreReader {
  readonly #options: RestoreOptions;
  /** The delivery that was told last. */
  #delivery: StoredDelivery | undefined;
  /** Shared groups of which something was told. */
  readonly #groups = new Set<SharedGroup>();

  /** Fills these. */
  constructor(options: RestoreOptions) {
    this.#options = options;
  }

  /** Begins; the clock shows the service time that the Store goes on from. */
  begin(): void {
    this.#options.begin();
  }

  /** Puts a session back, offline. A client that came under its identifier before has to come again. */
  saveSession(stored: StoredSession): void {
    this.#endLink(this.#session(stored.clientId));
    this.#options.registry.restore(stored);
  }

  /** Puts a subscription of a session back. */
  saveSubscription(clientId: string, subscription: StoredSubscription): void {
    const session = this.#session(clientId);
    if (session === undefined) return;
    this.#options.subscriptions.restore(session, subscription);
  }

  /** Puts an inbound QoS 2 packet identifier back. */
  saveReceived(clientId: string, packetId: number): void {
    this.#session(clientId)?.received.add(packetId);
  }

  /** Takes a message that went to a client, which is told next. */
  enqueue(_owner: string, delivery: StoredDelivery): void {
    this.#delivery = delivery;
  }

  /** Puts a message back that went to a client under this packet identifier. */
  assign(
    owner: string,
    _deliveryNumber: number,
    clientId: string,
    packetId: number,
  ): void {
    const session = this.#session(clientId);
    session?.outbound.restoreSent(
      this.#delivery!,
      this.#group(owner),
      packetId,
    );
  }

  /** Notes what an owner is owed that went to nobody. */
  backlog(owner: string, backlog: StoredBacklog): void {
    const queue = this.#group(owner) ?? this.#session(owner)?.outbound;
    queue?.restoreBacklog(backlog);
  }

  /** Notes that PUBREC had come for this packet identifier. */
  release(clientId: string, packetId: number): void {
    this.#session(clientId)?.outbound.restoreReleased(packetId);
  }

  /** Puts a retained message back. */
  retain(_topic: string, message: Message | undefined): void {
    if (message !== undefined) this.#options.retained.restore(message);
  }

  /** Puts a will back, of a client with or without a session. */
  saveWill(clientId: string, will: StoredWill | undefined): void {
    const { registry } = this.#options;
    if (registry.session(clientId)?.link !== undefined) {
      // The client is back already, and has no will that is kept.
      this.#options.store.saveWill(clientId, undefined);
      return;
    }
    const session = this.#session(clientId) ??
      registry.restoreForWill(clientId, will?.user);
    session.will = will;
  }

  /** All is told: lets expiries and the delays of wills run from now on. */
  finish(): void {
    for (const group of this.#groups) {
      // Its last member left with something of it under way.
      if (group.size === 0) group.end();
    }
    this.#groups.clear();
    this.#delivery = undefined;
    this.#options.registry.resume();
  }

  /**
   * Takes what a Store held that has opened after the first clients came; `tell` tells it, at once. Members of shared
   * groups have to come again, since their groups may be owed something. The others are sent the retained messages of
   * their subscriptions.
   */
  takeOver(tell: (reader: StoreReader) => void): void {
    const { registry, subscriptions, retained } = this.#options;
    this.begin();
    for (const session of registry.sessions()) {
      if (session.groups.size > 0) this.#endLink(session);
    }
    tell(this);
    this.finish();
    retained.restored();
    for (const session of registry.sessions()) {
      if (session.link !== undefined) subscriptions.replayAll(session);
    }
  }

  #endLink(session: Session | undefined): void {
    const link = session?.link;
    if (link === undefined) return;
    link.owner.end("administrative");
    this.#options.registry.disconnected(link, "administrative");
  }

  #group(owner: string): SharedGroup | undefined {
    if (!isSharedGroup(owner)) return undefined;
    const group = this.#options.subscriptions.restoredGroup(owner);
    this.#groups.add(group);
    return group;
  }

  #session(clientId: string): Session | undefined {
    return this.#options.registry.session(clientId);
  }
}
