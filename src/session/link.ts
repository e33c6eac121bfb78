import type { DisconnectedCause } from "../core/counters.ts";
import type { Limits } from "../core/limits.ts";
import type { SharedBuffer } from "../core/shared_buffer.ts";
import type { AcknowledgementType, ProtocolVersion } from "../codec/packet.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import { PacketType } from "../codec/packet.ts";
import { encode, writeAcknowledgement } from "../codec/encode/encode.ts";
import type { TopicName } from "../store/message.ts";
import type { BatchNumber, Store } from "../store/store.ts";
import { UncommittedOutput } from "./uncommitted_output.ts";
import type { Outbox } from "./outbox.ts";

/** Bytes of the longest acknowledgement without properties. */
const ACKNOWLEDGEMENT_SIZE = 5;
/** The Router is told that an Outbox has drained when it holds less than this. */
const DRAINED_BELOW = 32 * 1024;

/** What the Router may ask of the connection behind a {@linkcode Link}. */
export interface LinkHost {
  /** Has what is in the Outbox written. */
  flush(): void;
  /** Ends the connection, after telling an MQTT 5 client why; only the first call counts. */
  end(cause: DisconnectedCause, code?: ReasonCode, detail?: string): void;
}

/** What client and server agreed on in CONNECT and CONNACK. */
export interface LinkTerms {
  /** The protocol version that the client speaks. */
  readonly version: ProtocolVersion;
  /** Bytes of the largest packet that the client takes [MQTT-3.1.2-24]. */
  readonly maximumPacketSize: number;
  /** QoS 1 and 2 messages that may be under way to the client [MQTT-3.3.4-9]. */
  readonly receiveMaximum: number;
  /** Topic aliases that we may use towards the client, 0 for none [MQTT-3.1.2-26]. */
  readonly topicAliasMaximum: number;
  /** Whether the client wants reason strings in other packets than CONNACK and DISCONNECT [MQTT-3.1.2-29]. */
  readonly problemInformation: boolean;
  /** Whether all subscriptions of the client are No Local and Retain As Published, as a bridge's are before 5.0. */
  readonly isBridge: boolean;
}

/** Where a connection comes from. */
export interface LinkOrigin {
  /** The client's address. */
  readonly address: string;
  /** The listener through which it came. */
  readonly listener: string;
}

/** A Link of which it does not matter what holds it. */
export type AnyLink = LinkOf<unknown>;

/**
 * One connection of a client, as its session sees it: an epoch. What arrives through another Link than the
 * session's present one is dropped, so that a take-over in full flight mixes nothing up. Acknowledgements that
 * wait for the disk belong to the Link and end with it.
 *
 * Connection, Router and Writer share it and run on one thread; a mailbox message for each delivery would cost more
 * than all else. The Router writes to it, but for what the Connection makes it with and these:
 * - the Connection: `source`, `keepAlive`, `inputBytes`, `ended` by {@linkcode LinkOf.end}, and in the Outbox packets
 *   before CONNACK and after the end
 * - the Writer: what the Outbox has handed out; `wantsDrain` by way of {@linkcode LinkOf.drains}
 */
export class LinkOf<Holder> {
  /** What client and server agreed on. */
  readonly terms: LinkTerms;
  /** Bytes on their way to the client. */
  readonly outbox: Outbox;
  /** The connection that the Link stands for. */
  readonly owner: LinkHost;
  /** Where it comes from. */
  readonly origin: LinkOrigin;
  /** What the client may use. */
  readonly limits: Limits;
  /** When it was let in, in milliseconds of the wall clock. */
  acceptedAt = 0;
  /** Seconds of keep alive that hold for it, 0 for none. */
  keepAlive = 0;
  /** Holds back what must not leave before its batch is committed. */
  readonly uncommitted: UncommittedOutput = new UncommittedOutput();
  /** The read buffer in which the batch that is worked on lies, where it is large enough to be handed on. */
  source: SharedBuffer | undefined;
  /** The session that it belongs, or belonged, to. */
  session: Holder | undefined;
  /** Whether CONNACK has been written, so that other packets may follow [MQTT-3.2.0-1]. */
  ready = false;
  /** Whether it was ever ready. */
  accepted = false;
  /** Seconds of session expiry that CONNECT asked for, whatever was granted; above 0 it may be changed [3.14.2.2.2]. */
  askedExpiry = 0;
  /** Whether the connection has ended, so that nothing more may be written: DISCONNECT was the last [MQTT-3.14.4-1]. */
  ended = false;
  /** Packets that were put into the Outbox or behind the gate and not counted yet. */
  packets = 0;
  /** Bytes of the Outbox and at the gate that the memory governor knows of. */
  meteredBytes = 0;
  /** Bytes that the client's unfinished or held back packets take. */
  inputBytes = 0;
  /** Whether the Outbox has been added to in this turn of the Router. */
  touched = false;
  /** Topics by the aliases that the client has set, from 1 on [MQTT-3.3.2-7]. */
  inboundAliases: TopicName[] | undefined;
  /** Whether somebody waits for the Outbox to drain: the Writer then says so. */
  wantsDrain = false;
  /** PUBLISH packets with QoS 1 or 2 that may still be sent before an acknowledgement [MQTT-4.9.0-2]. */
  sendQuota: number;
  /** QoS 1 and 2 messages received through this Link and not acknowledged to the end [MQTT-4.9.0-1]. */
  receiving = 0;
  /** Aliases that we set towards the client, by topic. */
  readonly outboundAliases: Map<string, number> | undefined;
  readonly #store: Store;
  /** Who wants to know when the socket has taken bytes, or the connection ends. */
  #watchers: Set<() => void> | undefined;
  #lastPublish: BatchNumber = 0;
  #opened: BatchNumber = 0;

  /** Makes the Link of a connection. */
  constructor(
    options: {
      terms: LinkTerms;
      outbox: Outbox;
      owner: LinkHost;
      origin: LinkOrigin;
      limits: Limits;
      store: Store;
    },
  ) {
    this.terms = options.terms;
    this.outbox = options.outbox;
    this.owner = options.owner;
    this.origin = options.origin;
    this.limits = options.limits;
    this.#store = options.store;
    this.sendQuota = options.terms.receiveMaximum;
    this.outboundAliases = options.terms.topicAliasMaximum > 0
      ? new Map()
      : undefined;
  }

  /** The last batch for which the gate was opened. */
  get opened(): BatchNumber {
    return this.#opened;
  }

  /** Notes that the connection has ended. */
  end(): void {
    this.ended = true;
    this.ready = false;
    this.#tellWatchers();
  }

  /** Calls back whenever the socket has taken bytes, and when the connection ends. Returns what puts an end to that. */
  watch(callback: () => void): () => void {
    const watchers = this.#watchers ??= new Set();
    watchers.add(callback);
    return () => {
      watchers.delete(callback);
      if (watchers.size === 0) this.#watchers = undefined;
    };
  }

  /** Notes that the socket has taken bytes. Says whether the Outbox has drained and somebody waits for that. */
  drains(): boolean {
    if (this.#watchers !== undefined) this.#tellWatchers();
    if (!this.wantsDrain || this.outbox.bytes >= DRAINED_BELOW) return false;
    this.wantsDrain = false;
    return true;
  }

  /** Whether so many more bytes fit into the Outbox, beside what waits at the gate. */
  hasRoom(bytes: number): boolean {
    return this.outbox.hasRoom(bytes, this.uncommitted.bytes);
  }

  /** Whether what waits for this batch may leave now. */
  passes(batch: BatchNumber): boolean {
    return batch <= this.#store.committed;
  }

  /**
   * The batch that a QoS 1 or 2 PUBLISH must wait for if it waits for this one: it does not overtake those that
   * were given to the Link before it, since they are sent again in that order [MQTT-4.6.0-1].
   */
  inOrder(batch: BatchNumber): BatchNumber {
    if (batch > this.#lastPublish) this.#lastPublish = batch;
    if (!this.passes(this.#lastPublish)) {
      // It goes behind all that waits at the gate, and what comes after it goes behind that too.
      this.#lastPublish = Math.max(
        this.#lastPublish,
        this.uncommitted.lastBatch,
      );
    }
    return this.#lastPublish;
  }

  /**
   * Whether QoS 0 packets that a client of this version has sent can be passed on as they are, now: the largest of
   * them has `largest` bytes, all of them have `bytes`.
   */
  takesAsIs(version: ProtocolVersion, largest: number, bytes: number): boolean {
    return this.ready && (this.terms.version === 5) === (version === 5) &&
      this.outboundAliases === undefined &&
      largest <= this.terms.maximumPacketSize &&
      (this.outbox.fits(bytes + this.uncommitted.bytes) ||
        (bytes === largest && this.hasRoom(bytes)));
  }

  /**
   * Sends an acknowledgement as soon as the batch is committed; in the order of the calls. With a reason code that
   * tells of a failure, `detail` is the reason string for a client that wants one.
   */
  acknowledge(
    type: AcknowledgementType,
    packetId: number,
    reasonCode: ReasonCode,
    batch: BatchNumber,
    detail?: string,
  ): void {
    const open = this.passes(batch) && this.uncommitted.empty;
    const buffer = open ? this.outbox.buffer : this.uncommitted.buffer;
    this.packets++;
    const explained = reasonCode < 0x80
      ? undefined
      : this.#explain(type, packetId, reasonCode, detail);
    if (explained !== undefined) {
      buffer.append(explained, 0, explained.length);
    } else {
      const at = buffer.reserve(ACKNOWLEDGEMENT_SIZE);
      buffer.length = writeAcknowledgement(
        buffer.bytes,
        at,
        type,
        packetId,
        reasonCode,
        this.terms.version,
      );
    }
    const ends = type === PacketType.Puback ||
      (type === PacketType.Pubcomp && reasonCode < 0x80) ||
      (type === PacketType.Pubrec && reasonCode >= 0x80);
    if (!open) this.hold(batch, ends ? 1 : 0);
    else if (ends && this.receiving > 0) this.receiving--;
  }

  /** The acknowledgement with a reason string, where there is one to send within the client's packet size. */
  #explain(
    type: AcknowledgementType,
    packetId: number,
    reasonCode: ReasonCode,
    detail: string | undefined,
  ): Uint8Array | undefined {
    const reasonString = reasonCode === ReasonCode.PacketIdentifierNotFound
      ? "No message is under way with this packet identifier"
      : detail;
    if (reasonString === undefined || !this.terms.problemInformation) {
      return undefined;
    }
    const properties = { reasonString };
    const packet = encode({ type, packetId, reasonCode, properties }, 5);
    // [MQTT-3.4.2-2] [MQTT-3.5.2-2] [MQTT-3.6.2-2] [MQTT-3.7.2-2]
    return packet.length <= this.terms.maximumPacketSize ? packet : undefined;
  }

  /** Sends an encoded packet as soon as the batch is committed, not before acknowledgements that wait. */
  send(packet: Uint8Array, batch: BatchNumber): void {
    const open = this.passes(batch) && this.uncommitted.empty;
    const buffer = open ? this.outbox.buffer : this.uncommitted.buffer;
    buffer.append(packet, 0, packet.length);
    this.packets++;
    if (!open) this.hold(batch, 0);
  }

  /**
   * Holds what was just written into the gate's buffer until the batch is committed. `ends` says how many of the
   * client's messages it acknowledges to the end.
   */
  hold(batch: BatchNumber, ends: number): void {
    this.uncommitted.mark(batch, ends);
    this.#store.request(batch);
  }

  /** Lets out what waited for batches up to this one; says whether there was anything. */
  committed(batch: BatchNumber): boolean {
    if (this.ended) return false;
    this.#opened = batch;
    const ends = this.uncommitted.open(batch, this.outbox.buffer);
    if (ends === undefined) return false;
    this.receiving = Math.max(0, this.receiving - ends);
    return true;
  }

  #tellWatchers(): void {
    for (const callback of this.#watchers ?? []) callback();
  }
}
