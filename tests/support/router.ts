import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { ManualClock } from "../../src/core/clock.ts";
import { Counters, type DisconnectedCause } from "../../src/core/counters.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/limits.ts";
import { createLog } from "../../src/core/log.ts";
import { SharedBuffer } from "../../src/core/shared_buffer.ts";
import { Decoder } from "../../src/codec/decode/decoder.ts";
import { type FinishedPacket, PacketType } from "../../src/codec/packet.ts";
import type { ReasonCode } from "../../src/codec/reason_code.ts";
import { termsFor } from "../../src/connection/handshake.ts";
import type { RouterHandle } from "../../src/router/handle.ts";
import type { RouterOptions } from "../../src/router/parts.ts";
import { Router } from "../../src/router/router.ts";
import { type LinkHost, LinkOf } from "../../src/session/link.ts";
import type { Link } from "../../src/session/session.ts";
import { Outbox } from "../../src/session/outbox.ts";
import { MemoryStore } from "../../src/store/memory_store.ts";
import type { Store } from "../../src/store/store.ts";
import { join } from "./bytes.ts";
import {
  decode,
  packetLength,
  type Received,
  type ReceivedOf,
  type ReceivedPublish,
} from "./clients/read_packets.ts";
import {
  acknowledgement,
  connect,
  type ConnectOptions,
  publish,
  type PublishOptions,
  subscribe,
  type Subscription,
  type Version,
} from "./clients/write_packets.ts";
import type { Properties } from "./properties.ts";

/** How a {@linkcode TestRouter} differs from the one in a broker without flags. */
export interface TestRouterOptions
  extends Pick<RouterOptions, "durability" | "queuePolicies" | "rights"> {
  /** Limits other than the defaults. */
  limits?: Partial<Limits>;
  /** In place of a {@linkcode MemoryStore} that commits at once. */
  store?: Store;
  /** The time at which it starts, in milliseconds. */
  startedAt?: number;
}

/** A session that outlives its connections, for CONNECT. */
export const PERSISTENT = {
  clean: false,
  properties: { sessionExpiryInterval: 0xFFFF_FFFF },
} as const;

/**
 * A Router, with clients that have no sockets: their packets go in as bytes, and what they are sent is decoded at
 * once. Read buffers are overwritten with 0xFF as soon as the Router says that it needs them no more.
 */
export class TestRouter implements AsyncDisposable {
  /** Time, which stands still until the test moves it. */
  readonly clock: ManualClock;
  /** What the Router counts. */
  readonly counters: Counters = new Counters();
  /** Its limits. */
  readonly limits: Limits;
  /** Its store. */
  readonly store: Store;
  /** The Router. */
  readonly handle: RouterHandle;
  /** The lines of its log at level `error`: faults in it. Looked at in the end. */
  readonly faults: string[] = [];
  /** Its other lines. */
  readonly log: string[] = [];
  readonly #idle: Link;

  /** Starts a Router. */
  constructor(options: TestRouterOptions = {}) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.store = options.store ?? new MemoryStore();
    this.clock = new ManualClock(options.startedAt);
    const { clock, counters, limits, store } = this;
    const log = createLog({
      level: "info",
      format: "text",
      write: (line) =>
        void (/ ERROR /.test(line) ? this.faults : this.log).push(line),
    });
    const parts = { limits, counters, log, clock, store };
    this.handle = Router.start({ ...options, ...parts });
    const events = {
      resumed: () => {},
      committed: () => this.handle.committed(),
      failed: () => {},
    };
    store.open(events, this.handle.restore);
    this.handle.restored();
    const owner = { flush() {}, end() {} };
    const terms = {
      version: 5,
      maximumPacketSize: Infinity,
      receiveMaximum: 1,
      topicAliasMaximum: 0,
      problemInformation: false,
      isBridge: false,
    } as const;
    const outbox = new Outbox(0);
    this.#idle = new LinkOf({ owner, origin, limits, terms, store, outbox });
  }

  /** Has a client send CONNECT. */
  arrive(options: ConnectOptions = {}): Peer {
    return new Peer(this, options);
  }

  /** Connects a client, which must be accepted. */
  async connect(options: ConnectOptions = {}): Promise<Peer> {
    const peer = this.arrive(options);
    await this.settle();
    assert.equal(peer.expect("connack").reasonCode, 0);
    return peer;
  }

  /** Returns when the Router has done all there was to do, commits included. */
  async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await setImmediate();
      await this.handle.submit(this.#idle, []);
    }
  }

  /** Commits all that was written, batch by batch, and what follows from that; for stores that do so by hand. */
  async commit(): Promise<void> {
    const { store } = this;
    assert.ok(store instanceof MemoryStore);
    do {
      store.commit();
      await this.settle();
    } while (store.uncommittedBytes > 0);
  }

  /** Moves time on. */
  async advance(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.settle();
  }

  /** Ends the Router, and requires that it met no fault. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
    await this.store.close();
    assert.deepEqual(this.faults, []);
  }
}

let lastClientId = 0;

/** Where clients come from. */
const origin = { address: "192.0.2.1:1000", listener: "mqtt://a:1883" };

/** A client of a {@linkcode TestRouter}. */
export class Peer implements LinkHost {
  /** Its side in the Router. */
  readonly link: Link;
  readonly clientId: string;
  readonly version: Version;
  /** What it was sent and {@linkcode Peer.take} has not taken. */
  readonly received: Received[] = [];
  /** Whether its batches come in large read buffers, which may be handed on. */
  sharesBuffers = false;
  readonly #router: TestRouter;
  #cause: DisconnectedCause | undefined;
  #code: ReasonCode | undefined;
  readonly #decoder: Decoder;
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes handed out and not yet taken by the socket. */
  #underWay: Uint8Array | undefined;
  /** Bytes that the socket still takes. */
  #appetite = Infinity;
  #appendedAtEnd = Infinity;
  #lastPacketId = 0;

  /** Sends CONNECT. */
  constructor(router: TestRouter, options: ConnectOptions) {
    const { version = 5, clientId = `client${++lastClientId}` } = options;
    this.#router = router;
    this.version = version;
    this.clientId = clientId;
    this.#decoder = new Decoder({
      role: "server",
      maximumPacketSize: router.limits.maximumPacketSize,
    });
    const [packet] = this.#decode(connect({ ...options, clientId }));
    assert.ok(packet?.type === PacketType.Connect);
    const { store, limits, handle } = router;
    this.link = new LinkOf({
      owner: this,
      origin,
      limits,
      outbox: new Outbox(limits.outboxBytes),
      store,
      terms: termsFor(packet, limits),
    });
    handle.connect({
      connect: packet,
      link: this.link,
      clientId,
      user: options.username,
      serverKeepAlive: undefined,
      methodProperties: {},
      accepted: () => {},
    });
  }

  /** Why the Router ended the connection, if it did. */
  endCause(): DisconnectedCause | undefined {
    return this.#cause;
  }

  /** The reason code with which it did. */
  endCode(): ReasonCode | undefined {
    return this.#code;
  }

  /** Sends packets in one batch; resolves when the read buffer was let go, and overwritten. */
  async send(...packets: Uint8Array[]): Promise<void> {
    const bytes = join(...packets);
    const shared = this.sharesBuffers
      ? SharedBuffer.take(bytes.length)
      : undefined;
    shared?.bytes.set(bytes);
    const buffer = shared?.bytes ?? bytes;
    this.link.source = shared;
    await this.#router.handle.submit(this.link, this.#decode(buffer));
    if (shared?.shared !== true) buffer.fill(0xFF);
    shared?.release();
  }

  /** A packet identifier not given out before (until 65,535 were). */
  nextPacketId(): number {
    this.#lastPacketId = this.#lastPacketId % 65_535 + 1;
    return this.#lastPacketId;
  }

  /** Sends PUBLISH and returns its packet identifier, 0 at QoS 0. */
  async publish(
    topic: string,
    payload: string | Uint8Array = "",
    options: PublishOptions = {},
  ): Promise<number> {
    const packetId = options.qos ? options.packetId ?? this.nextPacketId() : 0;
    await this.send(
      publish(this.version, topic, payload, { ...options, packetId }),
    );
    return packetId;
  }

  /** Subscribes and takes the SUBACK; for stores that commit by themselves. */
  async subscribe(
    filter: string,
    options: Omit<Subscription, "filter"> & { properties?: Properties } = {},
  ): Promise<ReceivedOf<"suback">> {
    const { properties, ...rest } = options;
    const id = this.nextPacketId();
    const one = { filter, ...rest };
    await this.send(subscribe(this.version, id, [one], properties));
    await this.#router.settle();
    const at = this.received.findIndex((packet) => packet.type === "suback");
    const [suback] = this.received.splice(at, 1);
    assert.ok(suback?.type === "suback" && suback.packetId === id);
    return suback as ReceivedOf<"suback">;
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP. */
  acknowledge(
    type: "puback" | "pubrec" | "pubrel" | "pubcomp",
    packetId: number,
    reasonCode?: number,
  ): Promise<void> {
    return this.send(
      acknowledgement(this.version, type, packetId, reasonCode),
    );
  }

  /** The connection is lost, without DISCONNECT. */
  async lose(): Promise<void> {
    this.link.end();
    this.#router.handle.disconnected(this.link, "networkError");
    await this.#router.settle();
  }

  /** All that it was sent since the last call. */
  take(): Received[] {
    return this.received.splice(0);
  }

  /** The next packet, which must be there and of this type. */
  expect<T extends Received["type"]>(type: T): ReceivedOf<T> {
    const packet = this.received.shift();
    assert.equal(packet?.type, type);
    return packet as ReceivedOf<T>;
  }

  /** Takes what it was sent: these must be PUBLISHes. */
  messages(): ReceivedPublish[] {
    const packets = this.take();
    const messages = packets.filter((packet) => packet.type === "publish");
    assert.deepEqual(
      packets.map(({ type }) => type),
      messages.map(() => "publish"),
    );
    return messages;
  }

  /** Takes PUBLISHes: their payloads. */
  payloads(): string[] {
    const decoder = new TextDecoder();
    return this.messages().map(({ payload }) => decoder.decode(payload));
  }

  /** Reads no more than so many bytes from its socket from now on. */
  limit(bytes: number): void {
    this.#appetite = bytes;
    this.#write();
  }

  /** Reads its socket again. */
  resume(): void {
    this.limit(Infinity);
  }

  /** For the Router: has the Outbox written. */
  flush(): void {
    if (this.link.outbox.appended > this.#appendedAtEnd) {
      this.#router.faults.push(`${this.clientId} was sent more after the end`);
    }
    if (this.#underWay === undefined) this.#write();
  }

  /** For the Router: ends the connection. */
  end(cause: DisconnectedCause, code?: ReasonCode): void {
    if (this.link.ended) return;
    this.#cause = cause;
    this.#code = code;
    this.link.end();
    this.#appendedAtEnd = this.link.outbox.appended;
    this.#router.handle.disconnected(this.link, cause);
  }

  #decode(bytes: Uint8Array): FinishedPacket[] {
    const packets: FinishedPacket[] = [];
    for (let at = 0; at < bytes.length; at += this.#decoder.size) {
      let packet = this.#decoder.decode(bytes, at, bytes.length);
      assert.ok(packet !== undefined);
      while (packet.type === PacketType.Unfinished) {
        packet = packet.step(Infinity) ?? packet;
      }
      packets.push(packet);
    }
    return packets;
  }

  /** What the Writer does, with a socket that takes all it is given at once, or as much as it may. */
  #write(): void {
    const { outbox } = this.link;
    for (;;) {
      const bytes = this.#underWay ?? outbox.take();
      if (bytes === undefined) break;
      const taken = Math.min(this.#appetite, bytes.length);
      this.#appetite -= taken;
      this.#read(bytes.slice(0, taken));
      const left = bytes.subarray(taken);
      this.#underWay = left.length === 0 ? undefined : left;
      if (taken > 0) outbox.written(taken);
      if (left.length > 0) break;
    }
    if (this.link.drains()) this.#router.handle.drained(this.link);
  }

  #read(bytes: Uint8Array): void {
    let rest = join(this.#rest, bytes);
    for (;;) {
      const length = packetLength(rest);
      if (length === undefined || length > rest.length) break;
      this.received.push(decode(this.version, rest.subarray(0, length)));
      rest = rest.subarray(length);
    }
    this.#rest = rest;
  }
}
