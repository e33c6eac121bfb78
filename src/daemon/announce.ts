import { isSocket } from "../transport/protocols.ts";
import type { DoorState } from "../connection/doors.ts";
import type { Log } from "../core/log.ts";
import {
  formatAddress,
  type PortAddress,
  type SocketAddress,
} from "../transport/listener_settings.ts";
import { durabilityNews } from "./durability_news.ts";
import type { Settings } from "../config/settings/settings.ts";
import { VERSION } from "../terminal/version.ts";

/** Where things are kept: in a folder, whether it can be used already or not; in memory; or in a folder yet to be named. */
export type Keeping =
  | { readonly type: "folder"; readonly folder: string }
  | { readonly type: "memory" }
  | { readonly type: "nowhere" };

/** Two or three lines for who started it: where it listens, how to try it, what it does not do. */
export function announce(
  log: Log,
  doors: readonly Pick<DoorState, "address" | "addresses">[],
  options: Settings,
  keeping: Keeping,
): void {
  if (options.file !== undefined) {
    log.info("Configured by", { file: options.file });
  }
  for (const { address, addresses } of doors) {
    // One that is not there yet is told when it is.
    if (address === undefined) continue;
    log.info("Listening", {
      url: formatAddress(address),
      addresses: addresses.length > 1 ? hostsOf(addresses) : undefined,
      version: VERSION,
    });
  }
  for (const [at, { address }] of doors.entries()) {
    const plan = options.listeners[at]!;
    const flags = address && flagsToReach(address);
    if (flags === undefined) continue;
    const user = plan.users === undefined || plan.allowAnonymous
      ? ""
      : " -u USER -P PASSWORD";
    log.info(
      `Connect a first device with: mosquitto_sub ${flags}${user} -t test -i test-sub`,
    );
    break;
  }
  if (keeping.type === "memory") {
    log.info(
      "Messages are kept in memory only: they are lost when the broker ends",
    );
  } else if (keeping.type === "folder") {
    for (const sentence of durabilityNews(options.store)) {
      log.info(sentence, { folder: keeping.folder });
    }
  }
}

function hostsOf(addresses: readonly (PortAddress | SocketAddress)[]): string {
  return addresses.map((one) => isSocket(one) ? one.path : one.hostname)
    .join(",");
}

/** The flags with which mosquitto's programs connect to an address, if they can without further files. */
function flagsToReach(
  address: PortAddress | SocketAddress,
): string | undefined {
  if (isSocket(address)) return `--unix ${address.path}`;
  if (address.protocol !== "mqtt") return undefined;
  return `-h ${reachable(address.hostname)} -p ${address.port}`;
}

/** A host to connect to from this machine, also where the broker listens on all interfaces. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  return hostname === "::" ? "::1" : hostname;
}
