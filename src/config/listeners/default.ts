import type {
  ListenerSettings,
  PortAddress,
} from "../../transport/listener_settings.ts";
import { isSocket } from "../../transport/protocols.ts";

/** Where the broker listens if it is not told: only programs on the same machine reach it there. */
export const DEFAULT_LISTEN: ListenerSettings & {
  readonly address: PortAddress;
} = {
  address: { protocol: "mqtt", hostname: "127.0.0.1", port: 1883 },
};

/** Whether only this machine reaches an address. A name other than localhost counts as reachable. */
export function isLoopback(hostname: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}|(?:.+\.)?localhost)$/
    .test(hostname);
}

/** Whether strangers may come to a listener. What is behind a proxy is reached from where the proxy is. */
export function isExposed(settings: ListenerSettings): boolean {
  const { address, tls, proxiesFrom } = settings;
  if (isSocket(address)) return false;
  if (tls?.clientCertificates === "require") return false;
  return proxiesFrom !== undefined || !isLoopback(address.hostname);
}
