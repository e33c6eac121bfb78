/** Figures 1 to 3: a long backlog of one client that is offline; restarts with it; the client is back. */

import { delay } from "@std/async/delay";
import type { DurableBroker } from "./durable_broker.ts";
import {
  enterClean,
  enterPersistent,
  expectNothing,
  leave,
  NumberedPublisher,
  NumberedReceiver,
  subscribePersistent,
  type Traffic,
  untilClosed,
} from "./durable_clients.ts";
import { each, type Report, rounded } from "./durable_report.ts";

const TRAFFIC: Traffic = { topic: "backlog/of/one", payloadSize: 200 };
const PUBLISHERS = 5;
const WINDOW = 100;
const CLIENT = "away";
const RECEIVE_MAXIMUM = 1_000;
/** Milliseconds in which the broker has done all that nobody waits for. */
const SETTLE_TIME = 2_000;

/** What is to be measured. */
export interface BacklogOptions {
  /** Messages in the backlog. */
  readonly messages: number;
  /** The parts that are asked for: 1, 2 and 3. */
  readonly parts: ReadonlySet<number>;
}

/** Measures with a broker that runs and knows nothing yet. */
export async function measureBacklog(
  broker: DurableBroker,
  { messages, parts }: BacklogOptions,
  report: Report,
): Promise<void> {
  await queue(broker, messages, report);
  if (parts.has(2)) await restart(broker, report);
  if (parts.has(3)) await drain(broker, messages, report);
}

async function queue(
  broker: DurableBroker,
  messages: number,
  report: Report,
): Promise<void> {
  const { address } = broker;
  const { conn } = await enterPersistent(address, CLIENT, RECEIVE_MAXIMUM);
  await subscribePersistent(conn, TRAFFIC.topic);
  await leave(conn);
  const before = broker.resident;
  broker.resetPeak();
  const cpu = broker.cpu;
  const start = performance.now();
  await Promise.all(Array.from({ length: PUBLISHERS }, async (_, sender) => {
    const conn = await enterClean(address);
    const options = { ...TRAFFIC, sender, window: WINDOW };
    const publisher = new NumberedPublisher(conn, options);
    publisher.limit = share(messages, sender);
    await publisher.run();
    await leave(conn);
  }));
  const seconds = (performance.now() - start) / 1000;
  const after = broker.resident - before;
  const peak = broker.peak - before;
  report.figure({
    part: 1,
    name:
      `${messages.toLocaleString("en")} messages of ${TRAFFIC.payloadSize} ` +
      "bytes queued for an offline client: memory grows by",
    value: `${rounded(after)} MiB (at most ${rounded(peak)} MiB)`,
    target: "< 64 MiB",
    met: peak < 64,
  });
  report.figure({
    part: 1,
    name: "… queued, committed and acknowledged",
    value: `${rounded(messages / seconds)} messages/s (${
      each(broker.cpu - cpu, messages)
    }, ${rounded(broker.megabytes)} MB of files)`,
  });
}

async function restart(broker: DurableBroker, report: Report): Promise<void> {
  const figure = (how: string, ms: number) =>
    report.figure({
      part: 2,
      name: `Restart with that backlog after ${how}: it listens after`,
      value: broker.started(ms),
      target: "< 2 s",
      met: ms < 2_000,
    });
  await broker.kill();
  figure("kill -9", await broker.start());
  await delay(SETTLE_TIME);
  const ending = await broker.end();
  figure("a clean stop", await broker.start());
  report.figure({
    part: 2,
    name: "… the clean stop takes",
    value: `${rounded(ending / 1000)} s`,
  });
}

async function drain(
  broker: DurableBroker,
  messages: number,
  report: Report,
): Promise<void> {
  const { address } = broker;
  const before = broker.resident;
  broker.resetPeak();
  const cpu = broker.cpu;
  const receiver = new NumberedReceiver();
  const start = performance.now();
  const { conn, present } = await enterPersistent(
    address,
    CLIENT,
    RECEIVE_MAXIMUM,
  );
  if (!present) report.wrong("The session of the backlog is gone");
  const receiving = untilClosed(receiver.run(conn, TRAFFIC));
  await Promise.race([receiver.came(messages), receiving, stuck(receiver)]);
  const seconds = (performance.now() - start) / 1000;
  const peak = broker.peak - before;
  const spent = each(broker.cpu - cpu, receiver.received);
  await delay(SETTLE_TIME);
  conn.close();
  await receiving;
  tell(receiver, messages, report);
  report.figure({
    part: 3,
    name: `The client is back and drains them, receive maximum ${
      RECEIVE_MAXIMUM.toLocaleString("en")
    }`,
    value: `${rounded(receiver.received / seconds)} messages/s ` +
      `(${spent}, memory + ${rounded(peak)} MiB at most)`,
    target: ">= 50,000 messages/s",
    met: receiver.received / seconds >= 50_000,
  });
  const again = await enterPersistent(address, CLIENT, RECEIVE_MAXIMUM);
  await expectNothing(again.conn);
  again.conn.close();
}

/** Resolves when nothing has come for some time. */
async function stuck(receiver: NumberedReceiver): Promise<void> {
  for (let last = -1; receiver.received > last;) {
    last = receiver.received;
    await delay(10_000);
  }
}

/** Says what is lost or doubled. */
export function tell(
  receiver: NumberedReceiver,
  sent: number,
  report: Report,
): void {
  const { received, missed, doubled } = receiver;
  if (received === sent && missed === 0 && doubled === 0) return;
  report.wrong(
    `${received} of ${sent} messages came; ${missed} were missing where the next ones came, ${doubled} came again or late`,
  );
}

/** How many of all messages a publisher sends. */
function share(messages: number, publisher: number): number {
  return Math.floor(messages * (publisher + 1) / PUBLISHERS) -
    Math.floor(messages * publisher / PUBLISHERS);
}
