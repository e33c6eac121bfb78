/** What clients do all day, each kind as one role; together {@linkcode ROLES}. */

import type { Client } from "../../tests/support/clients/client.ts";
import { join } from "../../tests/support/bytes.ts";
import { payloadText } from "../../tests/support/clients/read_packets.ts";
import {
  connect,
  publish,
  type Version,
  VERSIONS,
} from "../../tests/support/clients/write_packets.ts";
import { type Load, newName, type Role, someVersion } from "./soak_load.ts";

const SMALL = "x".repeat(64);
const MEDIUM = "x".repeat(8 * 1024);
const LARGE = new Uint8Array(256 * 1024).fill(120);

/** Ends a connection in one of the ways in which connections end. */
async function leave(client: Client, turn: number): Promise<void> {
  if (turn % 3 === 0) return await client.disconnect();
  if (turn % 3 === 1) {
    // Half a packet, and then nothing.
    await client.sendRaw(
      publish(client.version, "half", SMALL).subarray(0, 20),
    );
  } else client.pause(); // What it has not read makes the system answer with a reset.
  await client.close();
}

/** Gateways that publish steadily, and applications that listen to all of them. */
async function telemetry(load: Load): Promise<void> {
  const applications: Client[] = [];
  for (let n = 0; n < 4; n++) {
    const client = await load.connect({ version: someVersion(n) });
    await client.subscribe("telemetry/#", { qos: n % 3 });
    applications.push(client);
  }
  const consuming = applications.map((client) => load.consume(client));
  const gateways = Array.from({ length: 6 }, async (_, who) => {
    const client = await load.connect({ version: someVersion(who) });
    for (let n = who; load.running; n++) {
      const payload = n % 20 === 0 ? MEDIUM : SMALL;
      const topic = `telemetry/${who}/${n % 50}`;
      await load.publish(client, topic, payload, { qos: n % 3 });
      await load.pause(100);
    }
    await client.disconnect();
  });
  await Promise.all(gateways);
  for (const client of applications) await client.disconnect();
  await Promise.all(consuming);
}

/** One command for many. */
async function fanOut(load: Load): Promise<void> {
  const many: Client[] = [];
  for (let n = 0; n < 40; n++) {
    const client = await load.connect({ version: someVersion(n) });
    await client.subscribe("command/all", { qos: n % 3 });
    many.push(client);
  }
  const consuming = many.map((client) => load.consume(client));
  const sender = await load.connect();
  for (let n = 0; load.running; n++) {
    await load.publish(sender, "command/all", SMALL, { qos: n % 3 });
    await load.pause(200);
  }
  for (const client of [sender, ...many]) await client.disconnect();
  await Promise.all(consuming);
}

/** Bursts over topic aliases, with all that a message can carry. */
async function aliases(load: Load): Promise<void> {
  while (load.running) {
    const properties = { topicAliasMaximum: 20 };
    const sender = await load.connect({ properties });
    const receiver = await load.connect({ properties });
    await receiver.subscribe("alias/#", {
      qos: 0,
      properties: { subscriptionIdentifiers: [7] },
    });
    const run = newName();
    for (let round = 0; round < 8 && load.running; round++) {
      const burst: Uint8Array[] = [];
      for (let n = 0; n < 40; n++) {
        // Every topic in full once, then by its alias alone; 50 topics for the receiver's 20 aliases.
        const topic = round === 0 ? `alias/${run}/${n}` : "";
        burst.push(publish(5, topic, SMALL, {
          properties: {
            topicAlias: n + 1,
            messageExpiryInterval: 60,
            contentType: "text/plain",
            responseTopic: "answers/here",
            correlationData: new Uint8Array(8),
            userProperties: [["one", "1"], ["two", "2"]],
          },
        }));
      }
      load.published += burst.length;
      await sender.sendRaw(join(...burst));
      await load.receive(receiver, burst.length);
      await load.pause(250);
    }
    await sender.disconnect();
    await receiver.disconnect();
  }
}

/** Retained messages on topics that never come again: set, replaced, read by wildcard, removed or left to expire. */
async function retained(load: Load): Promise<void> {
  const sender = await load.connect();
  for (let round = 0; load.running; round++) {
    const run = newName();
    const count = 40;
    const topics = Array.from({ length: count }, (_, n) => `state/${run}/${n}`);
    for (const payload of [SMALL, MEDIUM]) {
      for (const [n, topic] of topics.entries()) {
        await load.publish(sender, topic, payload, {
          qos: n % 3,
          retain: true,
          properties: { messageExpiryInterval: 5 },
        });
      }
    }
    const reader = await load.connect({ version: someVersion(round) });
    await reader.subscribe(`state/${run}/+`, { qos: 1 });
    await load.receive(reader, count);
    await leave(reader, round);
    if (round % 2 === 0) {
      for (const topic of topics) {
        await load.publish(sender, topic, "", { retain: true });
      }
    }
    await load.pause(500);
  }
  await sender.disconnect();
}

/** Persistent sessions in every version. */
async function persistentSessions(load: Load): Promise<void> {
  await Promise.all(VERSIONS.map((version) => persistent(load, version)));
}

/** A session that is away half of the time, and finds in order what came meanwhile. */
async function persistent(load: Load, version: Version): Promise<void> {
  const clientId = `persistent-${newName()}`;
  const topic = `news/${version}`;
  const properties = { sessionExpiryInterval: 60 };
  const sender = await load.connect({ version });
  for (let round = 0; load.running; round++) {
    const client = await load.connect({
      version,
      clientId,
      clean: false,
      properties,
    });
    if (round === 0) await client.subscribe(topic, { qos: 2 });
    if (round % 4 === 3) await leave(client, 1);
    else await client.close();
    const count = 100;
    for (let n = 0; n < count; n++) {
      const payload = `${n}`.padEnd(n % 10 === 0 ? 8192 : 64);
      const qos = 1 + n % 2;
      await load.publish(sender, topic, payload, { qos });
    }
    await load.pause(1000);
    const back = await load.connect({
      version,
      clientId,
      clean: false,
      properties,
    });
    const messages = await load.receive(back, count);
    messages.forEach((message, n) => {
      if (parseInt(payloadText(message)) !== n) {
        load.faults.push(`persistent: message ${n} is out of its place`);
      }
    });
    await leave(back, round % 2);
    await load.pause(500);
  }
  await sender.disconnect();
}

/** A shared group whose members come and go. */
async function shared(load: Load): Promise<void> {
  const join = async (turn: number) => {
    const client = await load.connect({ version: someVersion(turn) });
    await client.subscribe("$share/workers/jobs/#", { qos: turn % 3 });
    return { client, consuming: load.consume(client) };
  };
  const members = [await join(0), await join(1), await join(2)];
  const sender = await load.connect();
  for (let n = 0; load.running; n++) {
    await load.publish(sender, `jobs/${n % 100}`, SMALL, { qos: n % 3 });
    await load.pause(50);
    if (n % 20 !== 19) continue;
    const [gone] = members.splice(0, 1, await join(n));
    await gone!.client.close();
    await gone!.consuming;
    members.push(members.shift()!);
  }
  await sender.disconnect();
  for (const { client, consuming } of members) {
    await client.disconnect();
    await consuming;
  }
}

/** Wills that are sent at once, late, and never. */
async function wills(load: Load): Promise<void> {
  const watcher = await load.connect();
  await watcher.subscribe("will/#", { qos: 1 });
  const consuming = load.consume(watcher);
  for (let n = 0; load.running; n++) {
    const name = newName();
    const version = someVersion(n);
    const client = await load.connect({
      version,
      clientId: `will-${name}`,
      clean: n % 2 === 0,
      keepAlive: 30,
      will: {
        topic: `will/${name}`,
        payload: n % 10 === 0 ? MEDIUM : SMALL,
        qos: n % 3,
        properties: { willDelayInterval: n % 4 },
      },
      properties: { sessionExpiryInterval: 3 },
    });
    await client.ping();
    await leave(client, n);
    await load.pause(100);
  }
  await load.pause(500);
  await watcher.disconnect();
  await consuming;
}

/** Large messages for one who reads, one who reads by fits and starts, and one who does not read at all. */
async function slowReaders(load: Load): Promise<void> {
  const sender = await load.connect();
  for (let round = 0; load.running; round++) {
    const readers: Client[] = [];
    for (let n = 0; n < 3; n++) {
      const client = await load.connect({ version: someVersion(round + n) });
      await client.subscribe("large/#", { qos: n === 1 ? 1 : 0 });
      readers.push(client);
    }
    const consuming = readers.map((client) => load.consume(client));
    const [, slow, stuck] = readers;
    stuck!.pause();
    for (let n = 0; n < 24 && load.running; n++) {
      if (n % 8 === 0) slow!.pause();
      if (n % 8 === 6) slow!.resume();
      const payload = n % 4 === 0 ? MEDIUM : LARGE;
      await load.publish(sender, `large/${n}`, payload, { qos: n % 2 });
      await load.pause(250);
    }
    slow!.resume();
    for (const client of readers) await client.close();
    await Promise.all(consuming);
  }
  await sender.disconnect();
}

/** Clients that come once and never again, some of them with a session and messages waiting in it. */
async function comeAndGo(load: Load): Promise<void> {
  for (let n = 0; load.running; n++) {
    const name = newName();
    const version = someVersion(n);
    const client = await load.connect({
      version,
      clientId: `once-${name}`,
      clean: n % 4 !== 0,
      username: "user",
      password: "password",
      properties: { sessionExpiryInterval: n % 4 === 0 ? 2 : 0 },
    });
    const topic = `once/${name}/${"level/".repeat(n % 5)}end`;
    await client.subscribe([
      { filter: topic, qos: n % 3 },
      { filter: `once/${name}/+/never`, qos: 1 },
      { filter: `$share/${name}/once/${name}/#`, qos: 1 },
    ]);
    await load.publish(client, topic, SMALL, { qos: n % 3 });
    // Often gone before it has taken what it was sent.
    if (n % 2 === 0) await load.receive(client, 1);
    await leave(client, n);
    await load.pause(50);
  }
}

/** Connections that are no clients: silence, rubbish, half a CONNECT, a wrong packet after a good one. */
async function rubbish(load: Load): Promise<void> {
  for (let n = 0; load.running; n++) {
    const version = someVersion(n);
    const client = await load.open(version);
    const good = connect({ version, clientId: `rubbish-${newName()}` });
    if (n % 4 === 1) {
      await client.sendRaw(crypto.getRandomValues(new Uint8Array(100)));
    }
    if (n % 4 === 2) await client.sendRaw(good.subarray(0, 10));
    if (n % 4 === 3) await client.sendRaw(join(good, good));
    await load.pause(100);
    await client.close();
  }
}

/** One client id that many think is theirs. */
async function takeOvers(load: Load): Promise<void> {
  let before: Client | undefined;
  for (let n = 0; load.running; n++) {
    const client = await load.connect({
      version: someVersion(n),
      clientId: "taken-over",
      clean: n % 3 === 0,
      properties: { sessionExpiryInterval: 5 },
    });
    await client.subscribe("mine", { qos: 2 });
    await client.sendPublish("mine", SMALL, { qos: n % 3 });
    load.published++;
    await before?.close();
    before = client;
    await load.pause(200);
  }
  await before?.close();
}

/** All roles, to be played at once: about 400 messages a second in, 1,000 out, 40 connections a second. */
export const ROLES: readonly Role[] = [
  telemetry,
  fanOut,
  aliases,
  retained,
  persistentSessions,
  shared,
  wills,
  slowReaders,
  comeAndGo,
  rubbish,
  takeOvers,
];
