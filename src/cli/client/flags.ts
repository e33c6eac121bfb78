import type { WordFlag } from "../../terminal/word_flags.ts";

/** The headings of `--help`. */
const BROKER = "Broker";
const TLS = "TLS";
const WILL = "Will";

/** The variable of the environment with the password. */
export const PASSWORD_VARIABLE = "MAILBOXQTT_PASSWORD";

/** The flags of a command that connects to a broker as a client does. */
export const CLIENT_FLAGS: readonly WordFlag[] = [
  {
    name: "host",
    short: "h",
    value: "HOST",
    help: "the broker's name or address",
    defaultText: "localhost",
    group: BROKER,
  },
  {
    name: "port",
    short: "p",
    value: "PORT",
    help: "its port",
    defaultText: "1883, with TLS 8883",
    group: BROKER,
  },
  {
    name: "unix",
    value: "FILE",
    help: "the broker's Unix socket, in place of host and port",
    group: BROKER,
  },
  {
    name: "url",
    short: "L",
    value: "URL",
    example: "mqtt://pump@192.0.2.7/pumps/1",
    help:
      "all in one: mqtt://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], mqtts:// the same with TLS, ws://HOST[:PORT][/PATH], wss:// or unix:///FILE; may stand without -L too",
    group: BROKER,
  },
  {
    name: "username",
    short: "u",
    value: "USER",
    help: "the user's name",
    group: BROKER,
  },
  {
    name: "pw",
    short: "P",
    value: "PASSWORD",
    allowsEmpty: true,
    help:
      `the password, which others on this machine can see there; better set ${PASSWORD_VARIABLE}, or be asked on the terminal`,
    group: BROKER,
  },
  {
    name: "id",
    short: "i",
    value: "CLIENT",
    allowsEmpty: true,
    help: "the client identifier",
    defaultText: "a random one",
    group: BROKER,
  },
  {
    name: "id-prefix",
    short: "I",
    value: "PREFIX",
    help: "what a random client identifier begins with",
    group: BROKER,
  },
  {
    name: "protocol-version",
    short: "V",
    value: "VERSION",
    help:
      "the version of MQTT: 5, 3.1.1 or 3.1 (also mqttv5, mqttv311, mqttv31)",
    defaultText: "5",
    group: BROKER,
  },
  {
    name: "keepalive",
    short: "k",
    value: "SECONDS",
    help: "how often the two hear from one another at least; 0 for never",
    defaultText: "60",
    group: BROKER,
  },
  {
    name: "disable-clean-session",
    short: "c",
    help:
      "have the broker keep the session, with what comes meanwhile; needs -i",
    group: BROKER,
  },
  {
    name: "session-expiry-interval",
    short: "x",
    value: "SECONDS",
    help: "for how long the broker keeps the session; -1 for ever (MQTT 5)",
    defaultText: "0, with -c for ever",
    group: BROKER,
  },
  {
    name: "property",
    short: "D",
    value: "PACKET PROPERTY VALUE",
    example: "publish content-type text/plain",
    repeatable: true,
    allowsEmpty: true,
    countValues: ([, property]) => property === "user-property" ? 4 : 3,
    help:
      "a property of MQTT 5, for connect, publish, subscribe, unsubscribe, will or disconnect: -D publish user-property NAME VALUE",
    group: BROKER,
  },
  {
    name: "debug",
    short: "d",
    help: "tell on standard error which packets come and go",
  },
  { name: "quiet", help: "tell no errors: the exit status says it" },
  {
    name: "cafile",
    value: "FILE",
    help: "the authorities whose certificates are good (PEM)",
    defaultText: "those that this system trusts",
    group: TLS,
  },
  {
    name: "capath",
    value: "FOLDER",
    help: "the same as many files in a folder",
    group: TLS,
  },
  {
    name: "cert",
    value: "FILE",
    help: "this client's certificate (PEM)",
    group: TLS,
  },
  { name: "key", value: "FILE", help: "its key (PEM)", group: TLS },
  {
    name: "tls",
    help: "speak TLS without any of the others; also port 8883 alone says so",
    group: TLS,
  },
  {
    name: "insecure",
    help:
      "take the certificate of any host; and without --cafile, of anybody: for trying things out",
    group: TLS,
  },
  {
    name: "will-topic",
    value: "TOPIC",
    help: "have the broker publish there when this client is lost",
    group: WILL,
  },
  {
    name: "will-payload",
    value: "TEXT",
    allowsEmpty: true,
    help: "what it publishes then",
    group: WILL,
  },
  {
    name: "will-qos",
    value: "QOS",
    help: "0, 1 or 2",
    defaultText: "0",
    group: WILL,
  },
  { name: "will-retain", help: "have it retained", group: WILL },
];
