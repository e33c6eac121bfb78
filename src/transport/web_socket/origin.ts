import type { Origins } from "../listener_settings.ts";

/** What a machine calls itself. */
const OWN_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Whether pages of an origin may connect. A browser sends the page's own with every request for a WebSocket (RFC 6455,
 * section 10.2), and programs send none.
 *
 * @param host The request's Host: what the page takes the broker for.
 */
export function isWelcome(
  origin: string | undefined,
  host: string | undefined,
  origins: Origins,
): boolean {
  if (origin === undefined || origins === "all") return true;
  if (origins !== "own") return origins.includes(origin.toLowerCase());
  const page = hostnameOf(origin);
  const broker = hostnameOf(`http://${host}`);
  if (page === undefined || broker === undefined) return false;
  return page === broker ||
    OWN_NAMES.includes(page) && OWN_NAMES.includes(broker);
}

/** The host of an origin without its port; `undefined` for `null`, which is that of a local file. */
function hostnameOf(origin: string): string | undefined {
  const hostname = URL.parse(origin)?.hostname;
  return hostname === "" ? undefined : hostname;
}
