import {
  formatAddress,
  type ListenerSettings,
  type PortAddress,
} from "../transport/listener_settings.ts";
import { badValue, usageError } from "./flags.ts";
import { ListenerError } from "./listener_table.ts";
import { readListener } from "./listener_url.ts";

/** Where the broker listens if it is not told: only programs on the same machine reach it there. */
export const DEFAULT_LISTEN: ListenerSettings & {
  readonly address: PortAddress;
} = {
  address: { protocol: "mqtt", hostname: "127.0.0.1", port: 1883 },
};

/** Reads the value of `--listen`. Throws a sentence for its user that says what is wrong with it. */
export function parseListen(text: string): ListenerSettings {
  try {
    return readListener(text);
  } catch (error) {
    if (!(error instanceof ListenerError)) throw error;
    throw badValue("listen", text, error.message);
  }
}

/** Whether only this machine reaches an address. A name other than localhost counts as reachable. */
export function isLoopback(hostname: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}|(?:.+\.)?localhost)$/
    .test(hostname);
}

/** Whether strangers may come to a listener. What is behind a proxy is reached from where the proxy is. */
export function isExposed(settings: ListenerSettings): boolean {
  const { address, tls, proxiesFrom } = settings;
  if (address.protocol === "unix") return false;
  if (tls?.clientCertificates === "require") return false;
  return proxiesFrom !== undefined || !isLoopback(address.hostname);
}

/** Throws if an address is named twice, or if strangers could reach one that nothing protects. */
export function checkListens(
  listens: readonly ListenerSettings[],
  allowAnonymous: boolean,
): void {
  const seen = new Set<string>();
  for (const listen of listens) {
    const { address, proxiesFrom } = listen;
    const url = formatAddress(address);
    const isFree = address.protocol !== "unix" && address.port === 0;
    const place = address.protocol === "unix" ? url : url.split("://")[1]!;
    if (seen.has(place) && !isFree) {
      throw usageError(`Flag --listen names ${place} twice: name it once`);
    }
    seen.add(place);
    if (!isExposed(listen) || allowAnonymous) continue;
    throw usageError(
      proxiesFrom === undefined
        ? `Cannot listen on ${url} without --allow-anonymous: every machine that reaches it could read and ` +
          "send all messages; add --allow-anonymous if that is meant, or listen on 127.0.0.1"
        : `Cannot listen on ${url} without --allow-anonymous: every machine that reaches its proxy could read ` +
          "and send all messages; add --allow-anonymous if that is meant",
    );
  }
}
