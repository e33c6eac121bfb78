// Members of a shared group, and the numbers that are published to it.

import { type TestBroker, until } from "./programs/broker.ts";
import type { Client } from "./clients/client.ts";
import type { ConnectOptions } from "./clients/write_packets.ts";

/** Their subscription. */
export const SHARED = "$share/group/work";

/** Options of a member whose session outlives its connection. */
export function member(
  clientId: string,
  receiveMaximum = 65_535,
): ConnectOptions {
  return {
    clientId,
    clean: false,
    properties: { sessionExpiryInterval: 1000, receiveMaximum },
  };
}

/** Publishes the numbers from `from` up to `to`, which is not included. */
export async function publishNumbers(
  client: Client,
  from: number,
  to: number,
  qos: number,
): Promise<void> {
  for (let n = from; n < to; n++) {
    await client.publish("work", String(n), { qos });
  }
  await client.settle();
}

/** The numbers from `from` up to `to`, which is not included, as payloads. */
export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, n) => String(from + n));
}

/** Payloads in the order of their numbers. */
export function sorted(...lists: string[][]): string[] {
  return lists.flat().toSorted((a, b) => Number(a) - Number(b));
}

/** Ends a connection without DISCONNECT and waits until the broker has seen it. */
export async function cut(broker: TestBroker, client: Client): Promise<void> {
  const { clientsNow } = broker.counters;
  await client.close();
  await until(
    "the client is gone",
    () => broker.counters.clientsNow < clientsNow,
  );
}
