/** Figure 4: a restart with many sessions and retained messages. */

import { SteadyClock } from "../../src/core/clock.ts";
import { Message } from "../../src/store/message.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite_store.ts";
import { openStore } from "../../tests/support/stores/stores.ts";
import {
  publish,
  subscribe,
} from "../../tests/support/clients/write_packets.ts";
import { read, READ_SIZE, writeAll } from "./compare_clients.ts";
import type { DurableBroker } from "./durable_broker.ts";
import { enter, enterClean, enterPersistent } from "./durable_clients.ts";
import { type Report, rounded } from "./durable_report.ts";

const PAYLOAD_SIZE = 64;
/** Writes between two commits while the store is filled. */
const BATCH = 10_000;
/** Sessions that are looked for after the restart. */
const LOOKED_FOR = 100;
/** Topics of one length, spread over so many parents. */
const PARENTS = 1_000;

/** How much there is. */
export interface ManyOptions {
  readonly sessions: number;
  readonly retained: number;
}

function clientId(n: number): string {
  return `session-${String(n).padStart(7, "0")}`;
}

function topic(n: number): string {
  const [parent, leaf] = [n % PARENTS, Math.floor(n / PARENTS)];
  return `many/${String(parent).padStart(4, "0")}/${
    String(leaf).padStart(7, "0")
  }`;
}

/** Fills a folder without a broker: that is faster than by MQTT, and comes to the same. */
async function fill(
  folder: string,
  { sessions, retained }: ManyOptions,
): Promise<void> {
  const store = new SqliteStore({ folder, clock: new SteadyClock() });
  const { commit } = await openStore(store);
  for (let n = 0; n < sessions; n++) {
    const id = clientId(n);
    store.saveSession({
      clientId: id,
      expiryInterval: Infinity,
      endedAt: Date.now(),
    });
    const last = store.saveSubscription(id, {
      filter: `to/${id}`,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      identifier: 0,
    });
    if (n % BATCH === BATCH - 1) await commit(last);
  }
  const encoder = new TextEncoder();
  for (let n = 0; n < retained; n++) {
    const text = topic(n);
    const payload = new Uint8Array(PAYLOAD_SIZE).fill(0x61);
    const message = Message.of({
      topic: { text, bytes: encoder.encode(text) },
      qos: 0,
      retain: true,
      payload,
      properties: new Uint8Array(),
      expiresAt: Infinity,
      publisher: "sensor",
    });
    const last = store.retain(text, message);
    if (n % BATCH === BATCH - 1) await commit(last);
  }
  await store.close();
}

/** Measures with a broker that does not run yet. */
export async function measureMany(
  broker: DurableBroker,
  options: ManyOptions,
  report: Report,
): Promise<void> {
  const { sessions, retained } = options;
  await fill(broker.data!, options);
  const figure = (how: string, ms: number) =>
    report.figure({
      part: 4,
      name: `Restart with ${sessions.toLocaleString("en")} sessions and ${
        retained.toLocaleString("en")
      } retained messages after ${how}: it listens after`,
      value: `${broker.started(ms)}, ${rounded(broker.megabytes)} MB of files`,
      target: "< 10 s",
      met: ms < 10_000,
    });
  figure("a clean stop", await broker.start());
  await broker.kill();
  figure("kill -9", await broker.start());
  await lookForSessions(broker, sessions, report);
  const conn = await enterClean(broker.address);
  const came = await countRetained(conn, retained);
  conn.close();
  if (came !== retained) {
    report.wrong(`${came} of ${retained} retained messages came`);
  }
}

async function lookForSessions(
  broker: DurableBroker,
  sessions: number,
  report: Report,
): Promise<void> {
  const { address } = broker;
  const { conn: publisher } = await enter(address, { version: 4 });
  const step = Math.ceil(sessions / LOOKED_FOR);
  for (let n = 0; n < sessions; n += step) {
    const { conn, present } = await enterPersistent(address, clientId(n), 10);
    if (!present) report.wrong(`Session ${clientId(n)} is gone`);
    else {
      const name = `to/${clientId(n)}`;
      await writeAll(publisher, publish(4, name, "x"));
      // Its subscription is there if the message comes.
      await read(conn, new Uint8Array(100));
    }
    conn.close();
  }
  publisher.close();
}

/** Subscribes to all of them; returns how many different ones come, by the topic. */
async function countRetained(
  conn: Deno.TcpConn,
  retained: number,
): Promise<number> {
  await writeAll(conn, subscribe(4, 1, [{ filter: "many/#", qos: 0 }]));
  const size = publish(4, topic(0), new Uint8Array(PAYLOAD_SIZE)).length;
  const seen = new Uint8Array(retained);
  let count = 0;
  const buffer = new Uint8Array(READ_SIZE);
  const decoder = new TextDecoder();
  // SUBACK comes before them.
  for (let end = 0, at = 5; count < retained;) {
    end += await read(conn, buffer.subarray(end));
    for (; at + size <= end; at += size) {
      const text = decoder.decode(buffer.subarray(at + 9, at + 21));
      const [parent, leaf] = text.split("/").map(Number);
      const n = leaf! * PARENTS + parent!;
      if (seen[n] !== 0) return count;
      seen[n] = 1;
      count++;
    }
    if (at > end) continue;
    buffer.copyWithin(0, at, end);
    end -= at;
    at = 0;
  }
  return count;
}
