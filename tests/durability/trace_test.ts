/**
 * What the kernel was asked for proves the durability contract: no PUBACK, PUBREC or PUBCOMP leaves before the fsync
 * that covers its message. Read `trace.ts` (what was asked for), `streams.ts` (what packets that were), `proof.ts`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "../support/bytes.ts";
import { type Address, Client } from "../support/clients/client.ts";
import { Program } from "../support/programs/program.ts";
import { UnfaithfulProgram } from "../support/programs/unfaithful_program.ts";
import type { Fault } from "../support/stores/unfaithful_store.ts";
import { publish } from "../support/clients/write_packets.ts";
import { marker, type Proof, prove } from "./proof.ts";
import { canTrace, parseTrace, readTrace, traceInto } from "./trace.ts";

const PERSISTENT = {
  clean: false,
  properties: { sessionExpiryInterval: 3600 },
};
/** Messages that are published one by one at each QoS, and those of each burst. */
const SINGLE = 10;
const BURST = 100;
const BURSTS = [1, 2, 1, 2];

/** Messages are published one by one, for a client that is away and retained, each when the one before is done. */
async function singly(address: Address): Promise<void> {
  const options = { ...PERSISTENT, clientId: "single" };
  const client = await Client.connect(address, options);
  for (const qos of [1, 2]) {
    for (let n = 0; n < SINGLE; n++) {
      const retain = n % 2 === 0;
      const topic = retain ? `retained/${qos}/${n}` : "away";
      await client.publish(topic, marker(`single-${qos}-${n}`), {
        qos,
        retain,
      });
    }
  }
  await client.disconnect();
}

/** Several clients publish many messages at once. */
async function inBursts(address: Address): Promise<void> {
  const clients = await Promise.all(
    BURSTS.map((_, k) =>
      Client.connect(address, { ...PERSISTENT, clientId: `burst-${k}` })
    ),
  );
  await Promise.all(clients.map(async (client, k) => {
    const qos = BURSTS[k]!;
    const packets = Array.from(
      { length: BURST },
      (_, n) =>
        publish(5, "away", marker(`burst-${k}-${n}`), { qos, packetId: n + 1 }),
    );
    await client.sendRaw(join(...packets));
    for (let packetId = 1; packetId <= BURST; packetId++) {
      await client.take(qos === 1 ? "puback" : "pubrec", packetId);
      if (qos === 2) await client.sendAcknowledgement("pubrel", packetId);
    }
    for (let packetId = 1; qos === 2 && packetId <= BURST; packetId++) {
      await client.take("pubcomp", packetId);
    }
    await client.disconnect();
  }));
}

/** A program that writes its calls into a file. */
function traced(Base: typeof Program, path: string): typeof Program {
  return class extends Base {
    protected static override readonly wrapper = traceInto(path);
  };
}

/** Traces a broker, the program's or one whose store breaks its word, while messages are published. */
async function trace(fault?: Fault): Promise<Proof> {
  const root = await Deno.makeTempDir({ prefix: "mailboxqtt-trace-" });
  try {
    const path = `${root}/trace`;
    const folder = `${root}/data`;
    const listen = ["--listen", "mqtt://127.0.0.1:0"];
    await using program = fault === undefined
      ? new (traced(Program, path))("start", ...listen, "--data", folder)
      : new (traced(UnfaithfulProgram, path))(fault, folder);
    const address = { hostname: "127.0.0.1", port: await program.port() };
    const away = { ...PERSISTENT, clientId: "away" };
    const client = await Client.connect(address, away);
    await client.subscribe("away", { qos: 2 });
    await client.disconnect();
    await singly(address);
    await inBursts(address);
    program.signal("SIGTERM");
    assert.equal((await program.end()).status, 0);
    const proof = prove(await readTrace(path, program.pid));
    const bursts = BURST * BURSTS.length / 2;
    assert.deepEqual(proof.acknowledgements, {
      puback: SINGLE + bursts,
      pubrec: SINGLE + bursts,
      pubcomp: SINGLE + bursts,
    });
    return proof;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Needs strace, and a machine that lets it trace. */
function proves(name: string, test: () => Promise<void>): void {
  Deno.test({ name: `trace: ${name}`, ignore: !canTrace(), fn: test });
}

proves(
  "no acknowledgement leaves before the fsync that covers it, singly and in bursts (needs strace)",
  async () => {
    const { violations } = await trace();
    assert.deepEqual(violations, []);
  },
);

proves(
  "a store that acknowledges early is found out (needs strace)",
  async () => {
    const { violations } = await trace("early");
    for (const kind of ["puback", "pubrec", "pubcomp"] as const) {
      const early = violations.filter((one) => one.startsWith(kind));
      assert.ok(early.length > 0, kind);
    }
  },
);

proves("a store that never syncs is found out (needs strace)", async () => {
  const { violations, acknowledgements } = await trace("unsynced");
  const all = Object.values(acknowledgements).reduce((a, b) => a + b);
  assert.equal(violations.length, all);
});

Deno.test("trace: calls of several threads are put together again", () => {
  const calls = [...parseTrace([
    String.raw`7 pwrite64(3<\x2f\x61>, "\x41\x42", 2, 0 <unfinished ...>`,
    String.raw`8 recvfrom(4<TCP:[127.0.0.1:1->127.0.0.1:2]>,  <unfinished ...>`,
    "7 <... pwrite64 resumed>) = 1",
    String.raw`8 <... recvfrom resumed>"\x43", 512, 0, NULL, NULL) = 1`,
    String.raw`7 fsync(3<\x2f\x61>) = -1 EIO (Input/output error)`,
    String.raw`7 fsync(3<\x2f\x61>)                  = 0`,
    "7 +++ exited with 0 +++",
    "",
  ].join("\n"))];
  const bytes = (text: string) => new TextEncoder().encode(text);
  assert.deepEqual(calls, [
    { name: "pwrite64", file: "/a", bytes: bytes("A"), began: 1, ended: 3 },
    {
      name: "recvfrom",
      file: "TCP:[127.0.0.1:1->127.0.0.1:2]",
      bytes: bytes("C"),
      began: 2,
      ended: 4,
    },
    { name: "fsync", file: "/a", bytes: bytes(""), began: 6, ended: 6 },
  ]);
});
