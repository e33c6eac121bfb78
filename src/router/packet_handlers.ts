import { encode } from "../codec/encode/encode.ts";
import {
  type FinishedPacket,
  packetName,
  PacketType,
} from "../codec/packet.ts";
import { protocolError } from "../codec/packet_error.ts";
import type { SessionContext } from "../session/context.ts";
import type { Link } from "../session/session.ts";
import type { Session } from "../session/session.ts";
import type { Dispatcher } from "./delivery/dispatcher.ts";
import type { Publishing } from "./delivery/publishing.ts";
import type { Registry } from "./sessions/registry.ts";
import type { Subscriptions, Task } from "./sessions/subscriptions.ts";
import type { Tracing } from "./delivery/tracing.ts";

const PINGRESP = encode({ type: PacketType.Pingresp }, 4);

/** Who knows what is to be done with packets. */
export interface PacketHandlersOptions {
  /** What sessions work with. */
  readonly context: SessionContext;
  /** Has runs of messages that go before all else. */
  readonly dispatcher: Dispatcher;
  /** PUBLISH and PUBREL. */
  readonly publishing: Publishing;
  /** SUBSCRIBE and UNSUBSCRIBE. */
  readonly subscriptions: Subscriptions;
  /** DISCONNECT. */
  readonly registry: Registry;
  /** Says whether publishes are followed. */
  readonly tracing: Pick<Tracing, "tracer">;
}

/** Hands the packets of clients that were let in to who knows what is to be done. */
export class PacketHandlers {
  readonly #options: PacketHandlersOptions;

  /** Hands them to these. */
  constructor(options: PacketHandlersOptions) {
    this.#options = options;
  }

  /**
   * Takes one packet; returns what is left to do of it, if that may be long.
   *
   * @throws {PacketError} If the client breaks the protocol with it.
   */
  take(
    link: Link,
    session: Session,
    packet: FinishedPacket,
  ): Task | undefined {
    const { dispatcher, publishing, subscriptions, registry, tracing } =
      this.#options;
    switch (packet.type) {
      case PacketType.Publish:
        if (tracing.tracer === undefined) {
          publishing.publish(link, session, packet);
        } else publishing.publishTraced(link, session, packet);
        return undefined;
      case PacketType.Puback:
      case PacketType.Pubrec:
      case PacketType.Pubcomp:
        session.outbound.acknowledged(link, packet);
        return undefined;
      case PacketType.Pubrel:
        publishing.release(link, session, packet);
        return undefined;
    }
    dispatcher.flushRun();
    switch (packet.type) {
      case PacketType.Subscribe:
        return subscriptions.subscribe(link, session, packet);
      case PacketType.Unsubscribe:
        return subscriptions.unsubscribe(link, session, packet);
      case PacketType.Pingreq:
        link.outbox.buffer.append(PINGRESP);
        link.packets++;
        this.#options.context.touch(link);
        return undefined;
      case PacketType.Disconnect:
        registry.leave(link, session, packet);
        return undefined;
      default:
        throw protocolError(`Cannot take ${packetName(packet.type)} now`);
    }
  }
}
