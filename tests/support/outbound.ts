import assert from "node:assert/strict";
import { MemoryStore } from "../../src/store/memory_store.ts";
import type { Received } from "./clients/read_packets.ts";
import {
  type Peer,
  PERSISTENT,
  TestRouter,
  type TestRouterOptions,
} from "./router.ts";

/** A Router whose store commits when the test says so, and one publisher. */
export async function setUp(options: TestRouterOptions = {}) {
  const store = new MemoryStore("byHand");
  const router = new TestRouter({ store, ...options });
  const publisher = await router.connect();
  const commit = () => router.commit();
  /** A subscriber whose session is kept. */
  const persistent = async (qos: number, properties = {}): Promise<Peer> => {
    const peer = router.arrive({
      clean: false,
      properties: { ...PERSISTENT.properties, ...properties },
    });
    await router.settle();
    await commit();
    peer.expect("connack");
    const subscribed = peer.subscribe("a", { qos });
    await router.settle();
    await commit();
    await subscribed;
    return peer;
  };
  /** The client is back, and its CONNACK has been sent. */
  const back = async (peer: Peer, properties = {}): Promise<Peer> => {
    const again = router.arrive({
      clientId: peer.clientId,
      clean: false,
      properties: { ...PERSISTENT.properties, ...properties },
    });
    await router.settle();
    await commit();
    assert.equal(again.expect("connack").sessionPresent, true);
    return again;
  };
  return { router, store, publisher, commit, persistent, back };
}

/** A packet in a word. */
export function short(packet: Received): string {
  if (packet.type !== "publish") {
    return "packetId" in packet
      ? `${packet.type} ${packet.packetId}`
      : packet.type;
  }
  const payload = new TextDecoder().decode(packet.payload);
  return `${packet.dup ? "dup " : ""}${packet.packetId}:${payload}`;
}
