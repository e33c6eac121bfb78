import type { Broker } from "../broker.ts";
import { formatAddress } from "../transport/listener_settings.ts";
import type { Systemd } from "./systemd.ts";

/** Milliseconds between two words to systemd while the broker starts, and how many more it then asks for. */
const STARTING_TIME = 5_000;
const STARTING_MORE = 60_000;

/** Asks systemd to wait while something that belongs to the start takes its time. */
export async function whileStarting<Result>(
  systemd: Systemd | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (systemd === undefined) return await work();
  const tell = () => systemd.starting("Opening the store", STARTING_MORE);
  tell();
  const timer = setInterval(tell, STARTING_TIME);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/**
 * Tells systemd that the broker is up, and from then on again and again that it is well: as long as the event loop runs
 * and the Router answers. Otherwise systemd starts it again. Returns what ends that.
 */
export function supervise(systemd: Systemd, broker: Broker): () => void {
  systemd.ready(statusOf(broker));
  if (systemd.watchdog === undefined) return () => {};
  const timer = setInterval(async () => {
    await broker.answer();
    systemd.alive(statusOf(broker));
  }, systemd.watchdog / 2);
  return () => clearInterval(timer);
}

/** What is going on, in a line. */
export function statusOf({ counters, doors, alarms }: Broker): string {
  const { clientsNow } = counters;
  const parts = [`${clientsNow} ${clientsNow === 1 ? "client" : "clients"}`];
  for (const { name, address } of doors) {
    parts.push(
      address === undefined
        ? `${name} waits for its address`
        : `listening on ${formatAddress(address)}`,
    );
  }
  for (const [, sentence] of alarms.alarms()) parts.push(sentence);
  return parts.join("; ");
}
