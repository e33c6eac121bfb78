import assert from "node:assert/strict";
import { PacketType } from "../codec/packet.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import { MemoryStore } from "../store/memory_store.ts";
import { DEFAULT_LIMITS } from "../core/limits.ts";
import { LinkOf, type LinkTerms } from "./link.ts";
import type { Link } from "./session.ts";
import { Outbox } from "./outbox.ts";

function makeLink(version: 4 | 5 = 5, terms: Partial<LinkTerms> = {}) {
  const store = new MemoryStore("byHand");
  const link: Link = new LinkOf({
    owner: { flush() {}, end() {} },
    origin: { address: "192.0.2.1:1000", listener: "mqtt://192.0.2.9:1883" },
    limits: DEFAULT_LIMITS,
    outbox: new Outbox(1000),
    store,
    terms: {
      version,
      maximumPacketSize: Infinity,
      receiveMaximum: 10,
      topicAliasMaximum: 0,
      problemInformation: false,
      isBridge: false,
      ...terms,
    },
  });
  const sent = () => {
    const bytes = link.outbox.take() ?? new Uint8Array(0);
    const list = [...bytes];
    if (bytes.length > 0) link.outbox.written(bytes.length);
    return list;
  };
  const session = {
    clientId: "c",
    expiryInterval: Infinity,
    endedAt: undefined,
  };
  return { store, link, sent, write: () => store.saveSession(session) };
}

const { Puback, Pubrec, Pubcomp, Pubrel } = PacketType;

Deno.test("Link acknowledges at once what is committed", () => {
  const { link, sent, store } = makeLink();
  link.acknowledge(Puback, 0x0102, ReasonCode.Success, 0);
  link.acknowledge(Pubrel, 3, ReasonCode.PacketIdentifierNotFound, 0);
  assert.deepEqual(sent(), [0x40, 2, 1, 2, 0x62, 3, 0, 3, 0x92]);
  assert.equal(store.requested, 0);
});

Deno.test("Link explains a failure to a client that wants it, within its packet size [MQTT-3.1.2-29] [MQTT-3.4.2-2]", () => {
  const expected = [0x40, 9, 0, 1, 0x97, 5, 0x1F, 0, 2, 0x6E, 0x6F];
  for (const maximumPacketSize of [11, 10]) {
    const { link, sent, write, store } = makeLink(5, {
      problemInformation: true,
      isBridge: false,
      maximumPacketSize,
    });
    const explained = maximumPacketSize === 11
      ? expected
      : [0x40, 3, 0, 1, 0x97];
    link.acknowledge(Puback, 1, ReasonCode.QuotaExceeded, 0, "no");
    assert.deepEqual(sent(), explained);
    link.acknowledge(Puback, 1, ReasonCode.QuotaExceeded, write(), "no");
    assert.deepEqual(sent(), []);
    link.committed(store.commit());
    assert.deepEqual(sent(), explained);
    link.acknowledge(Puback, 1, ReasonCode.NoMatchingSubscribers, 0, "no");
    assert.deepEqual(sent(), [0x40, 3, 0, 1, 0x10]);
  }
});

Deno.test("Link leaves reason codes out below 5.0", () => {
  const { link, sent } = makeLink(4);
  link.acknowledge(Puback, 1, ReasonCode.NoMatchingSubscribers, 0);
  assert.deepEqual(sent(), [0x40, 2, 0, 1]);
});

Deno.test("Link holds back what waits for the disk and all behind it, and asks for the commit", () => {
  const { link, sent, store, write } = makeLink();
  const batch = write();
  link.acknowledge(Puback, 1, ReasonCode.Success, batch);
  assert.equal(store.requested, batch);
  link.acknowledge(Puback, 2, ReasonCode.Success, 0);
  link.send(Uint8Array.of(0xD0, 0), 0);
  assert.deepEqual(sent(), []);
  assert.equal(link.committed(store.committed), false);
  assert.ok(link.committed(store.commit()));
  assert.deepEqual(sent(), [0x40, 2, 0, 1, 0x40, 2, 0, 2, 0xD0, 0]);
  assert.ok(link.passes(batch));
});

Deno.test("Link keeps the order where a batch is committed that it has not been told of", () => {
  const { link, sent, store, write } = makeLink();
  const batch = write();
  link.acknowledge(Puback, 1, ReasonCode.Success, batch);
  store.commit();
  link.acknowledge(Puback, 2, ReasonCode.Success, batch);
  assert.deepEqual(sent(), []);
  assert.ok(link.committed(batch));
  assert.deepEqual(sent(), [0x40, 2, 0, 1, 0x40, 2, 0, 2]);
});

Deno.test("Link counts messages as received until their last acknowledgement has left", () => {
  const { link, store, write } = makeLink();
  link.receiving = 5;
  link.acknowledge(Puback, 1, ReasonCode.Success, 0);
  link.acknowledge(Pubrec, 2, ReasonCode.Success, 0);
  assert.equal(link.receiving, 4);
  const batch = write();
  link.acknowledge(Pubrec, 3, ReasonCode.QuotaExceeded, batch);
  link.acknowledge(Pubcomp, 2, ReasonCode.Success, 0);
  link.acknowledge(Pubrel, 9, ReasonCode.Success, 0);
  assert.equal(link.receiving, 4);
  link.committed(store.commit());
  assert.equal(link.receiving, 2);
  // No PUBLISH is answered by that.
  link.acknowledge(Pubcomp, 9, ReasonCode.PacketIdentifierNotFound, 0);
  assert.equal(link.receiving, 2);
});
