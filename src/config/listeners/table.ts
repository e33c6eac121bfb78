/**
 * What can be said about a listener beside its URL: the one table behind the query of `--listen` and the
 * `[[listener]]` tables of a configuration file.
 */

import { Network } from "../../transport/network.ts";
import type { TlsSettings } from "../../transport/listener_settings.ts";
import {
  type Protocol,
  PROTOCOL_LIST,
  PROTOCOLS,
} from "../../transport/protocols.ts";

/** Stands for the pages of all sites. */
export const ALL_ORIGINS = "*";

/** The settings of a listener, as they were said. What was not said is left out. */
export interface ListenerValues extends Partial<TlsSettings> {
  /** Origins, or {@linkcode ALL_ORIGINS} among them; see `WebSocketSettings`. */
  readonly origins?: readonly string[];
  /** See `ListenerSettings`. */
  readonly proxiesFrom?: readonly string[];
  /** See `SocketAddress`. */
  readonly mode?: number;
}

/** A setting that cannot be as it is. The message says in a sentence without its beginning what would be right. */
export class ListenerError extends Error {
  /** The setting's name, as in the table; `url` for the URL itself. */
  readonly key: string;

  /** Takes the setting's name and the sentence. */
  constructor(key: string, message: string) {
    super(message);
    this.name = "ListenerError";
    this.key = key;
  }
}

/** One setting of a listener. */
export interface ListenerSetting {
  /** Its name in a query and in a configuration file: `client_certificates`. */
  readonly name: string;
  /** Under which name {@linkcode ListenerValues} hold it. */
  readonly field: keyof ListenerValues;
  /** What it does: lower case, no full stop. */
  readonly help: string;
  /** A value to show. */
  readonly example: string;
  /** What holds if it is not given. */
  readonly defaultText?: string;
  /** Which listeners it is for. */
  readonly protocols: readonly Protocol[];
  /** Whether it takes several values: with commas between them in a query, as an array in a file. */
  readonly isList: boolean;
  /** Reads a value, or one of several. Throws a {@linkcode ListenerError}. */
  readonly parse: (text: string) => unknown;
  /** Writes what it has read. */
  readonly format: (value: unknown) => string;
}

/** The listeners that speak TLS. */
export const TLS: readonly Protocol[] = PROTOCOL_LIST.filter((one) =>
  PROTOCOLS[one].tls
);
const WEB_SOCKET = PROTOCOL_LIST.filter((one) => PROTOCOLS[one].webSocket);
const PORTS = PROTOCOL_LIST.filter((one) => PROTOCOLS[one].port !== undefined);

/** All settings, in the order in which they are shown. */
export const LISTENER_SETTINGS: readonly ListenerSetting[] = [
  one({
    name: "certificate",
    field: "certificate",
    help: "file with the server's certificate and those between it and its CA",
    example: "/etc/mailboxqtt/server.crt",
    protocols: TLS,
    parse: (text) => file("certificate", text),
  }),
  one({
    name: "key",
    field: "key",
    help: "file with the certificate's private key",
    example: "/etc/mailboxqtt/server.key",
    protocols: TLS,
    parse: (text) => file("key", text),
  }),
  one({
    name: "minimum_version",
    field: "minimumVersion",
    help: "the oldest version of TLS that is spoken: 1.2 or 1.3",
    example: "1.3",
    defaultText: "1.2",
    protocols: TLS,
    parse: (text) => {
      const [, version] = /^(?:tlsv)?(1\.[23])$/i.exec(text) ?? [];
      if (version === "1.2") return "TLSv1.2";
      if (version === "1.3") return "TLSv1.3";
      throw new ListenerError(
        "minimum_version",
        "minimum_version must be 1.2 or 1.3",
      );
    },
    format: (version) => version.replace("TLSv", ""),
  }),
  one({
    name: "client_certificates",
    field: "clientCertificates",
    help:
      "whether clients must, may or need not show one: require, request, no",
    example: "require",
    defaultText: "no",
    protocols: TLS,
    parse: (text) => {
      if (text === "require" || text === "request" || text === "no") {
        return text;
      }
      throw new ListenerError(
        "client_certificates",
        "client_certificates must be require, request or no",
      );
    },
  }),
  one({
    name: "client_authority",
    field: "clientAuthority",
    help: "file with the certificates of the CAs that sign clients'",
    example: "/etc/mailboxqtt/ca.crt",
    protocols: TLS,
    parse: (text) => file("client_authority", text),
  }),
  one({
    name: "revocation_list",
    field: "revocationList",
    help: "file with the CAs' lists of certificates that hold no more",
    example: "/etc/mailboxqtt/ca.crl",
    protocols: TLS,
    parse: (text) => file("revocation_list", text),
  }),
  several({
    name: "origins",
    field: "origins",
    help: "sites whose pages may connect, or * for all; programs other than " +
      "browsers always may",
    example: "https://panel.example.org",
    defaultText: "all where clients must say who they are, and else those " +
      "of the broker's own host",
    protocols: WEB_SOCKET,
    parse: parseOrigin,
  }),
  several({
    name: "proxies_from",
    field: "proxiesFrom",
    help: "addresses and networks of proxies that speak the PROXY protocol; " +
      "nobody else may connect then",
    example: "192.0.2.7,2001:db8::/32",
    protocols: PORTS,
    parse: (text) => {
      if (Network.parse(text) !== undefined) return text;
      throw new ListenerError(
        "proxies_from",
        `proxies_from must be addresses and networks such as 192.0.2.7 and 2001:db8::/32, and not ${
          JSON.stringify(text)
        }`,
      );
    },
  }),
  one({
    name: "mode",
    field: "mode",
    help: "the permissions of the socket's file",
    example: "0660",
    defaultText: "what the umask leaves",
    protocols: ["unix"],
    parse: (text) => {
      if (/^0?[0-7]{3}$/.test(text)) return parseInt(text, 8);
      throw new ListenerError("mode", "mode must be octal, such as 0660");
    },
    format: (mode) => mode.toString(8).padStart(4, "0"),
  }),
];

/** What a row of the table says; the rest follows from whether it takes one value or several. */
type Row<Value> = Omit<ListenerSetting, "isList" | "parse" | "format"> & {
  readonly parse: (text: string) => Value;
  readonly format?: (value: Value) => string;
};

/** A row with one value. */
function one<Field extends keyof ListenerValues>(
  row: Row<NonNullable<ListenerValues[Field]>> & { readonly field: Field },
): ListenerSetting {
  const { format = String } = row;
  return {
    ...row,
    isList: false,
    format: (value) => format(value as NonNullable<ListenerValues[Field]>),
  };
}

/** A row with several values. */
function several(row: Row<string>): ListenerSetting {
  return { ...row, isList: true, format: String };
}

function file(name: string, text: string): string {
  if (text !== "" && !text.includes("\0")) return text;
  throw new ListenerError(name, `${name} must name a file`);
}

/** An origin in the form in which browsers send it, or the sign for all. */
function parseOrigin(text: string): string {
  if (text === ALL_ORIGINS) return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url && `${url.protocol}//${url.host}`;
  if (
    bare !== undefined && url!.host !== "" && /^[^/]*:\/\/[^/?#@]+$/.test(text)
  ) {
    return bare;
  }
  throw new ListenerError(
    "origins",
    `origins must be like https://panel.example.org or http://192.0.2.7:8080, without a path, or ${ALL_ORIGINS}, and not ${
      JSON.stringify(text)
    }`,
  );
}
