import { PROTOCOLS, speaksTls } from "../../transport/protocols.ts";
import { promptSecret } from "@std/cli/prompt-secret";
import {
  type BrokerAddress,
  type BrokerUrl,
  readBrokerUrl,
} from "../../client/broker_address.ts";
import type { ClientOptions } from "../../client/mqtt_client.ts";
import {
  PacketType,
  type ProtocolVersion,
  type QoS,
  type Will,
} from "../../codec/packet.ts";
import { describeError } from "../../core/errors.ts";
import { isValidTopicName } from "../../router/topics/filter.ts";
import { PASSWORD_VARIABLE } from "./flags.ts";
import { type GivenProperties, readProperties } from "./properties.ts";
import { asksForTls, readClientTls } from "./tls.ts";
import {
  badValue,
  type ParsedFlags,
  usageError,
} from "../../terminal/flags.ts";
import { packetTrace } from "./packet_trace.ts";

/** What the flags of a command that connects to a broker say. */
export interface GivenClient {
  /** How to connect. */
  readonly options: ClientOptions;
  /** The topic in the URL. */
  readonly topic: string | undefined;
  /** Properties for packets other than CONNECT. */
  readonly properties: GivenProperties;
}

const VERSIONS: ReadonlyMap<string, ProtocolVersion> = new Map([
  ["5", 5],
  ["5.0", 5],
  ["mqttv5", 5],
  ["4", 4],
  ["311", 4],
  ["3.1.1", 4],
  ["mqttv311", 4],
  ["3", 3],
  ["31", 3],
  ["3.1", 3],
  ["mqttv31", 3],
]);

/** A session that lasts for ever. */
const FOR_EVER = 0xFFFF_FFFF;

/**
 * Makes the options of a client of the flags; `kind` is what its identifier begins with.
 *
 * @throws {StartError} If something is wrong with them, or a file cannot be read.
 */
export async function readClient(
  parsed: ParsedFlags,
  kind: string,
): Promise<GivenClient> {
  const { values, switches } = parsed;
  const url = readUrl(parsed);
  const version = readVersion(values.get("protocol-version")?.[0]);
  const properties = readProperties(values.get("property") ?? []);
  if (version !== 5 && values.has("property")) {
    throw usageError("Flag -D is for MQTT 5 alone: leave out -V");
  }
  const keepsSession = switches.has("disable-clean-session");
  const clientId = values.get("id")?.[0] ??
    `${values.get("id-prefix")?.[0] ?? `mailboxqtt-${kind}-`}${randomName()}`;
  if (keepsSession && !values.get("id")?.[0]) {
    throw usageError(
      "Flag -c needs the client identifier by which the session is known: -i CLIENT",
    );
  }
  const address = readAddress(parsed, url);
  const expiry = readExpiry(parsed, version, keepsSession);
  const will = readWill(parsed, properties);
  return {
    topic: url?.topic,
    properties,
    options: {
      address,
      reconnects: true,
      ...(switches.has("debug") && { trace: packetTrace(clientId) }),
      ...(speaksTls(address) &&
        { tls: await readClientTls(parsed) }),
      connect: {
        type: PacketType.Connect,
        protocolVersion: version,
        cleanStart: !keepsSession,
        keepAlive: readNumber(parsed, "keepalive", 0, 65_535) ?? 60,
        clientId,
        ...(will && { will }),
        ...readCredentials(parsed, url),
        properties: {
          ...properties.connect,
          ...(expiry !== undefined && { sessionExpiryInterval: expiry }),
        },
      },
    },
  };
}

/** A number that a flag gives. */
export function readNumber(
  { values }: ParsedFlags,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = values.get(name)?.[0];
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw badValue(
    name,
    text,
    `it must be a whole number from ${least} to ${most}`,
  );
}

/** A time in seconds, with parts of them, that a flag gives. */
export function readSeconds(
  { values }: ParsedFlags,
  name: string,
): number | undefined {
  const text = values.get(name)?.[0];
  if (text === undefined) return undefined;
  if (/^(?:\d+\.?\d*|\.\d+)$/.test(text) && Number(text) <= 2_000_000) {
    return Number(text);
  }
  throw badValue(name, text, "it must be a number of seconds, such as 0.5");
}

/** A QoS that a flag gives; 0 if it is not given. */
export function readQos(parsed: ParsedFlags, name: string): QoS {
  return (readNumber(parsed, name, 0, 2) ?? 0) as QoS;
}

function readUrl({ values, operands }: ParsedFlags): BrokerUrl | undefined {
  const [beside] = operands;
  const given = values.get("url")?.[0];
  if (beside !== undefined && given !== undefined) {
    throw usageError("Give one URL, with -L or without it");
  }
  const text = given ?? beside;
  if (text === undefined) return undefined;
  for (const name of ["host", "port", "unix"]) {
    if (values.has(name)) {
      throw usageError(
        `Flag --${name} does not go with a URL, which says where the broker is`,
      );
    }
  }
  try {
    return readBrokerUrl(text);
  } catch (error) {
    // What was given may have a password in it.
    throw usageError(`Cannot read the URL: ${describeError(error)}`);
  }
}

function readAddress(
  parsed: ParsedFlags,
  url: BrokerUrl | undefined,
): BrokerAddress {
  const { values } = parsed;
  const path = values.get("unix")?.[0];
  if (url !== undefined) {
    const { address } = url;
    if (!speaksTls(address) && asksForTls(parsed)) {
      throw usageError(
        "The flags say that TLS is spoken, and the URL that it is not: begin it with mqtts:// or wss://",
      );
    }
    return address;
  }
  if (path !== undefined) return { protocol: "unix", path };
  const port = readNumber(parsed, "port", 1, 65_535);
  const tls = asksForTls(parsed) || port === PROTOCOLS.mqtts.port;
  const protocol = tls ? "mqtts" : "mqtt";
  return {
    protocol,
    hostname: (values.get("host")?.[0] ?? "localhost").replace(
      /^\[(.*)\]$/,
      "$1",
    ),
    port: port ?? PROTOCOLS[protocol].port,
  };
}

function readVersion(text = "5"): ProtocolVersion {
  const version = VERSIONS.get(text.toLowerCase());
  if (version !== undefined) return version;
  throw badValue("protocol-version", text, "it must be 5, 3.1.1 or 3.1");
}

function readExpiry(
  parsed: ParsedFlags,
  version: ProtocolVersion,
  keepsSession: boolean,
): number | undefined {
  const text = parsed.values.get("session-expiry-interval")?.[0];
  if (version !== 5) {
    if (text === undefined) return undefined;
    throw usageError("Flag -x is for MQTT 5 alone: leave out -V");
  }
  if (text === undefined) return keepsSession ? FOR_EVER : undefined;
  return text === "-1" || text === "∞"
    ? FOR_EVER
    : readNumber(parsed, "session-expiry-interval", 0, FOR_EVER);
}

function readWill(
  parsed: ParsedFlags,
  properties: GivenProperties,
): Will | undefined {
  const { values, switches } = parsed;
  const topic = values.get("will-topic")?.[0];
  if (topic === undefined) {
    for (const name of ["will-payload", "will-qos", "will-retain"]) {
      if (values.has(name) || switches.has(name)) {
        throw usageError(`Flag --${name} needs --will-topic beside it`);
      }
    }
    return undefined;
  }
  if (!isValidTopicName(topic)) {
    throw badValue("will-topic", topic, "a topic to publish to has no + and #");
  }
  const payload = values.get("will-payload")?.[0] ?? "";
  return {
    topic,
    payload: new TextEncoder().encode(payload),
    qos: readQos(parsed, "will-qos"),
    retain: switches.has("will-retain"),
    properties: properties.will,
    rawProperties: new Uint8Array(0),
  };
}

/** Name and password: of the flags, the URL, the environment, or asked for. */
function readCredentials(
  { values }: ParsedFlags,
  url: BrokerUrl | undefined,
): { username?: string; password?: Uint8Array } {
  const username = values.get("username")?.[0] ?? url?.username;
  const given = values.get("pw")?.[0] ?? url?.password ?? fromEnvironment();
  if (username === undefined) {
    if (values.has("pw")) {
      throw usageError("Flag -P needs the user beside it: -u USER");
    }
    return {};
  }
  const password = given ?? askFor(username);
  return {
    username,
    ...(password !== undefined &&
      { password: new TextEncoder().encode(password) }),
  };
}

function fromEnvironment(): string | undefined {
  // Asked first, since asking for what is not granted would stop and ask the user.
  const query = { name: "env", variable: PASSWORD_VARIABLE } as const;
  return Deno.permissions.querySync(query).state === "granted"
    ? Deno.env.get(PASSWORD_VARIABLE)
    : undefined;
}

/** Asks on the terminal, if there is one; an empty password is none. */
function askFor(username: string): string | undefined {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return undefined;
  const text = promptSecret(`Password of ${username}:`, { mask: "" });
  return text === null || text === "" ? undefined : text;
}

function randomName(): string {
  return crypto.getRandomValues(new Uint8Array(3)).toHex();
}
