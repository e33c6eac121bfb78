// Clients that see to the durability contract themselves: at each packet they look at what a power cut would leave.

import assert from "node:assert/strict";
import type { MemoryStore } from "../../../src/store/memory_store.ts";
import type { Received, ReceivedPublish } from "./read_packets.ts";
import { type Peer, PERSISTENT, type TestRouter } from "../router.ts";
import { acknowledgement, publish } from "./write_packets.ts";

/** A message that was published, and how far its publisher knows it to be. */
export interface Sent {
  readonly payload: string;
  readonly qos: number;
  readonly packetId: number;
  readonly retain: boolean;
  acknowledged: boolean;
  released: boolean;
  completed: boolean;
}

/** Where the present store is: after a power cut it is another one, which holds what the former one kept. */
export interface Disk {
  store: MemoryStore;
}

/** The payload as text. */
export function text(message: ReceivedPublish): string {
  return new TextDecoder().decode(message.payload);
}

/** A client with a session that is kept: its half of QoS 1 and 2 survives its connections. */
export class Subscriber {
  readonly clientId: string;
  peer: Peer | undefined;
  isIn = false;
  /** Payloads in the order in which they came, doubles of QoS 2 left out. */
  readonly delivered: string[] = [];
  /** Payloads of which it has said that it has them. */
  readonly acknowledged = new Set<string>();
  /** QoS 2 messages between PUBLISH and PUBCOMP, by packet id. */
  readonly #held = new Map<number, string>();
  /** What it is going to send, in order. */
  readonly #answers: (() => Uint8Array)[] = [];
  readonly #disk: Disk;
  readonly #receiveMaximum: number;

  constructor(disk: Disk, clientId: string, receiveMaximum: number) {
    this.#disk = disk;
    this.clientId = clientId;
    this.#receiveMaximum = receiveMaximum;
  }

  connect(router: TestRouter): void {
    this.#answers.length = 0;
    this.isIn = false;
    const { clientId } = this;
    const properties = {
      ...PERSISTENT.properties,
      receiveMaximum: this.#receiveMaximum,
    };
    this.peer = router.arrive({ clean: false, clientId, properties });
  }

  async lose(): Promise<void> {
    const { peer } = this;
    this.peer = undefined;
    this.#answers.length = 0;
    await peer?.lose();
  }

  /** Looks at what it was sent, and at what is kept of that. */
  look(): void {
    for (const packet of this.peer?.take() ?? []) this.#take(packet);
  }

  get pending(): number {
    return this.#answers.length;
  }

  async answer(): Promise<void> {
    const answer = this.#answers.shift();
    if (answer !== undefined) await this.peer?.send(answer());
  }

  #take(packet: Received): void {
    const { clientId } = this;
    const { kept } = this.#disk.store;
    if (packet.type === "connack") {
      this.isIn = true;
      assert.ok(kept.sessions.has(clientId), "CONNACK before the commit");
    } else if (packet.type === "suback") {
      assert.ok(kept.subscriptions.has(clientId), "SUBACK before the commit");
    } else if (packet.type === "publish") {
      this.#message(packet);
    } else if (packet.type === "pubrel") {
      const { packetId } = packet;
      const owed = kept.assigned.get(clientId)?.get(packetId);
      assert.ok(
        owed === undefined || owed.assignment!.released,
        "PUBREL before the commit of PUBREC",
      );
      const payload = this.#held.get(packetId);
      this.#answers.push(() => {
        this.#held.delete(packetId);
        if (payload !== undefined) this.acknowledged.add(payload);
        return acknowledgement(5, "pubcomp", packetId);
      });
    } else assert.fail(packet.type);
  }

  #message(message: ReceivedPublish): void {
    const { packetId, qos } = message;
    const payload = text(message);
    if (qos === 0) return;
    if (qos === 1) {
      this.delivered.push(payload);
      this.#answers.push(() => {
        this.acknowledged.add(payload);
        return acknowledgement(5, "puback", packetId);
      });
      return;
    }
    const assigned = this.#disk.store.kept.assigned.get(this.clientId);
    assert.ok(assigned?.has(packetId), "PUBLISH before its packet id's commit");
    if (!this.#held.has(packetId)) {
      this.#held.set(packetId, payload);
      this.delivered.push(payload);
    } else {assert.equal(
        this.#held.get(packetId),
        payload,
        "packet ids mixed up",
      );}
    this.#answers.push(() => acknowledgement(5, "pubrec", packetId));
  }
}

/** A client that publishes, with a session that is kept or not. */
export class Publisher {
  readonly clientId: string;
  readonly isKept: boolean;
  peer: Peer | undefined;
  /** Whether it has been let in, and may send. */
  isIn = false;
  readonly sent: Sent[] = [];
  readonly #disk: Disk;

  constructor(disk: Disk, clientId: string, isKept: boolean) {
    this.#disk = disk;
    this.clientId = clientId;
    this.isKept = isKept;
  }

  connect(router: TestRouter): void {
    const { clientId } = this;
    this.isIn = false;
    this.peer = router.arrive({
      ...(this.isKept ? PERSISTENT : {}),
      clientId,
    });
  }

  async lose(): Promise<void> {
    const { peer } = this;
    this.peer = undefined;
    this.isIn = false;
    await peer?.lose();
  }

  /** Sends again what was not acknowledged to the end, as a client does that is back. */
  async #resend(): Promise<void> {
    for (const sent of this.sent.filter((one) => !one.completed)) {
      const { payload, packetId } = sent;
      if (sent.released) await this.peer?.acknowledge("pubrel", packetId);
      else if (!sent.acknowledged) {
        await this.peer?.send(
          publish(5, "t/a", payload, { ...sent, dup: true }),
        );
      }
    }
  }

  async publish(qoss: readonly number[], retain: boolean): Promise<void> {
    if (!this.isIn) return;
    const batch = qoss.map((qos) => {
      const packetId = this.sent.length + 1;
      const payload = `${this.clientId} ${packetId}`;
      const sent = { payload, qos, packetId, retain };
      const flags = { acknowledged: false, released: false, completed: false };
      this.sent.push({ ...sent, ...flags });
      return publish(5, "t/a", payload, sent);
    });
    await this.peer?.send(...batch);
  }

  /** Sends PUBREL for the oldest message that waits for it. */
  async release(): Promise<void> {
    const next = this.sent.find((one) =>
      one.qos === 2 && one.acknowledged && !one.released
    );
    if (next === undefined || !this.isIn) return;
    next.released = true;
    await this.peer?.acknowledge("pubrel", next.packetId);
  }

  async look(): Promise<void> {
    const received = this.#disk.store.kept.received.get(this.clientId);
    for (const packet of this.peer?.take() ?? []) {
      if (packet.type === "connack") {
        this.isIn = true;
        await this.#resend();
        continue;
      }
      assert.ok("packetId" in packet && packet.type !== "publish");
      const sent = this.sent[packet.packetId - 1]!;
      if (packet.type === "pubcomp") {
        assert.notEqual(
          received?.has(sent.packetId),
          true,
          "PUBCOMP too early",
        );
        sent.completed = true;
        continue;
      }
      assert.equal(packet.type, sent.qos === 1 ? "puback" : "pubrec");
      sent.acknowledged = true;
      sent.completed = sent.qos === 1;
      if (sent.qos === 2 && this.isKept) {
        assert.ok(received?.has(sent.packetId), "PUBREC before the commit");
      }
    }
  }
}
