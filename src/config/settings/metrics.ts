import {
  type DefaultedSetting,
  FORMS,
  path,
  quantity,
  type Setting,
  SettingError,
} from "./setting.ts";

/** Where figures are served. */
export interface MetricsAddress {
  /** The host to listen on. */
  readonly hostname: string;
  /** The port, 0 for any free one. */
  readonly port: number;
}

/** The port where it is not said. */
const DEFAULT_PORT = 9883;

const ALLOWED = "an address such as 127.0.0.1:9883 is allowed";

/** Milliseconds between two times at which `$SYS` is told, unless it is said. */
const DEFAULT_SYS_INTERVAL = 10_000;

/** The settings of what the broker tells of itself, to Prometheus and below `$SYS`. */
export const METRICS_SETTINGS: {
  readonly listen: Setting<MetricsAddress>;
  readonly token: Setting<string>;
  readonly sysInterval: DefaultedSetting<number>;
} = {
  listen: {
    name: "metrics.listen",
    flag: "metrics",
    placeholder: "ADDRESS",
    example: `127.0.0.1:${DEFAULT_PORT}`,
    help:
      "where to serve figures to Prometheus on /metrics, and health on /healthz and /readyz, over HTTP",
    defaultText: "nowhere",
    takesEffect: "now",
    form: FORMS.text,
    allowed: ALLOWED,
    parse: ([text = ""]) => parseAddress(text),
  },
  token: {
    name: "metrics.token",
    flag: "metrics-token",
    placeholder: "FILE",
    example: "/etc/mailboxqtt/metrics-token",
    help:
      "a file with the token that whoever asks for figures must show; needed where other machines reach the address",
    defaultText: "none",
    isPath: true,
    takesEffect: "now",
    ...path("file"),
  },
  sysInterval: {
    name: "sys_interval",
    flag: "sys-interval",
    placeholder: "TIME",
    example: "1m",
    help:
      "how often is published below $SYS what the broker does, to who has subscribed; never for alarms alone",
    defaultText: "10s",
    default: DEFAULT_SYS_INTERVAL,
    takesEffect: "at restart",
    ...quantity({
      unit: "milliseconds",
      minimum: 1000,
      maximum: 86_400_000,
      never: 0,
    }),
  },
};

function parseAddress(text: string): MetricsAddress {
  const match = /^(?:([^:[\]/\s]+)|\[([\d:a-fA-F.]+)\])(?::(\d{1,5}))?$/
    .exec(text);
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined || port > 65_535 || /^\d+$/.test(text)) {
    const guess = /^\d{1,5}$/.test(text)
      ? `127.0.0.1:${text}`
      : text.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
    throw new SettingError(text, ALLOWED, guess === text ? undefined : guess);
  }
  return { hostname, port };
}
