// An MQTT client for our own commands. Read broker_connection.ts (one connection), then mqtt_client.ts (a session
// that goes on from one connection to the next).

import { formatPeer } from "../transport/format_peer.ts";
import {
  DEFAULT_WEB_SOCKET_PATH,
  isSocket,
  protocolOf,
  PROTOCOLS,
  SCHEMES_TEXT,
} from "../transport/protocols.ts";

/** How a client does TLS; certificates and keys are texts (PEM). */
export interface ClientTls {
  /** The authorities whose certificates are good; without them, those that the system trusts. */
  readonly authorities?: string;
  /** The client's certificate. */
  readonly certificate?: string;
  /** Its key. */
  readonly key?: string;
  /** Not to check the host's name; and without authorities of its own, not to check the certificate at all. */
  readonly isInsecure?: boolean;
}

/** Where a broker is. */
export type BrokerAddress =
  | {
    readonly protocol: "mqtt" | "mqtts";
    /** A name or an IP address, IPv6 without brackets. */
    readonly hostname: string;
    readonly port: number;
  }
  | {
    readonly protocol: "ws" | "wss";
    readonly hostname: string;
    readonly port: number;
    /** With the slash that it begins with, and the query if there is one. */
    readonly path: string;
  }
  | {
    readonly protocol: "unix";
    /** The socket's file. */
    readonly path: string;
  };

/** What a URL says of a broker, of who comes, and of a topic. */
export interface BrokerUrl {
  /** Where the broker is. */
  readonly address: BrokerAddress;
  /** The name before the `@`. */
  readonly username?: string;
  /** The password before the `@`. */
  readonly password?: string;
  /** What follows the host of `mqtt://` and `mqtts://`. */
  readonly topic?: string;
}

const FORM =
  /^([a-z]+):\/\/(?:([^@/]*)@)?(\[[\da-f:.]+(?:%\w+)?\]|[^:/?#@[\]]*)(?::(\d{1,5}))?(\/.*)?$/is;

/**
 * Reads `mqtt://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC]`, `ws://...[/PATH]` or `unix:///FILE`, with `%` and two
 * hexadecimal digits for what has a meaning there.
 *
 * @throws {Error} With the end of a sentence that says what is wrong.
 */
export function readBrokerUrl(text: string): BrokerUrl {
  const [, scheme, user, host, port, path] = FORM.exec(text) ?? [];
  const protocol = protocolOf(scheme ?? "");
  if (scheme !== undefined && protocol === undefined) {
    throw new Error(`it must begin with ${SCHEMES_TEXT}`);
  }
  if (protocol === undefined || host === undefined) {
    throw new Error(
      "write it as mqtt://HOST:PORT/TOPIC, for example mqtt://192.0.2.7:1883/test",
    );
  }
  const credentials = readCredentials(user);
  if (protocol === "unix") {
    if (host !== "" || port !== undefined || path === undefined) {
      throw new Error(
        "write it as unix:// and the path of a file from the root on, for example unix:///run/mailboxqtt.sock",
      );
    }
    return { address: { protocol, path: decode(path) }, ...credentials };
  }
  const place = {
    hostname: host === "" ? "localhost" : host.replace(/^\[(.*)\]$/, "$1"),
    port: port === undefined ? PROTOCOLS[protocol].port : Number(port),
  };
  if (place.port < 1 || place.port > 65_535) {
    throw new Error("the port must be a whole number from 1 to 65535");
  }
  if (protocol === "ws" || protocol === "wss") {
    const address = {
      protocol,
      ...place,
      path: path ?? DEFAULT_WEB_SOCKET_PATH,
    };
    return { address, ...credentials };
  }
  const topic = decode(path?.slice(1) ?? "");
  return {
    address: { protocol, ...place },
    ...credentials,
    ...(topic !== "" && { topic }),
  };
}

/** The address as a URL, fit to be shown: nothing in it is secret. */
export function formatBroker(address: BrokerAddress): string {
  if (isSocket(address)) return `unix://${address.path}`;
  const { protocol, hostname, port } = address;
  const path = "path" in address ? address.path : "";
  return `${protocol}://${formatPeer(hostname, port)}${path}`;
}

function readCredentials(
  text: string | undefined,
): Pick<BrokerUrl, "username" | "password"> {
  if (text === undefined) return {};
  const colon = text.indexOf(":");
  return colon === -1 ? { username: decode(text) } : {
    username: decode(text.slice(0, colon)),
    password: decode(text.slice(colon + 1)),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(
      "a % in it is not followed by two hexadecimal digits; write %25 for the sign itself",
    );
  }
}
