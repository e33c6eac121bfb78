import type { ListenerAddress } from "../transport/listener.ts";
import { badValue, usageError } from "./flags.ts";

/** Where the broker listens if it is not told: only programs on the same machine reach it there. */
export const DEFAULT_LISTEN: ListenerAddress = {
  protocol: "mqtt",
  hostname: "127.0.0.1",
  port: 1883,
};

const URL_FORM =
  /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]]*\]|[^:/?#@[\]]*)(?::([^/?#@]*))?\/?$/i;

/** Reads the value of `--listen`. Throws a sentence for its user that says what is wrong with it. */
export function parseListen(text: string): ListenerAddress {
  const [, scheme, host, port] = URL_FORM.exec(text) ?? [];
  if (scheme === undefined || host === undefined) {
    throw badValue(
      "listen",
      text,
      "write it as mqtt://HOST:PORT, for example mqtt://127.0.0.1:1883",
    );
  }
  if (scheme.toLowerCase() !== "mqtt") {
    throw badValue("listen", text, "only mqtt:// is supported");
  }
  const hostname = parseHost(host);
  if (hostname === undefined) {
    throw badValue(
      "listen",
      text,
      "the host must be a name, an IPv4 address, or an IPv6 address in brackets",
    );
  }
  if (
    port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)
  ) {
    throw badValue(
      "listen",
      text,
      "the port must be a whole number from 0 to 65535",
    );
  }
  return {
    protocol: "mqtt",
    hostname,
    port: port === undefined ? DEFAULT_LISTEN.port : Number(port),
  };
}

/** The URL of an address, as `--listen` takes it. */
export function formatListen(
  { protocol, hostname, port }: ListenerAddress,
): string {
  return `${protocol}://${
    hostname.includes(":") ? `[${hostname}]` : hostname
  }:${port}`;
}

/** Whether only this machine reaches an address. A name other than localhost counts as reachable. */
export function isLoopback(hostname: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}|(?:.+\.)?localhost)$/
    .test(hostname);
}

/** Throws if an address is named twice, or if strangers could reach one that nothing protects. */
export function checkListens(
  listens: readonly ListenerAddress[],
  allowAnonymous: boolean,
): void {
  const seen = new Set<string>();
  for (const listen of listens) {
    const url = formatListen(listen);
    if (listen.port !== 0 && seen.has(url)) {
      throw usageError(`Flag --listen names ${url} twice: name it once`);
    }
    seen.add(url);
    if (isLoopback(listen.hostname) || allowAnonymous) continue;
    throw usageError(
      `Cannot listen on ${url} without --allow-anonymous: every machine that reaches it could read and ` +
        "send all messages; add --allow-anonymous if that is meant, or listen on 127.0.0.1",
    );
  }
}

/** A host in its normal form: lower case, IPv6 shortened and without brackets. */
function parseHost(host: string): string | undefined {
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(host)) return undefined;
  try {
    return new URL(`http://${host}/`).hostname.replace(/^\[(.*)\]$/, "$1");
  } catch {
    return undefined;
  }
}
