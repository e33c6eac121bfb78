import { parseShare, SHARE_ALLOWED } from "./share.ts";
import {
  type DefaultedSetting,
  FORMS,
  quantity,
  type Setting,
  SettingError,
} from "./setting.ts";

/** Milliseconds between two times, unless it is said. */
const DEFAULT_OTLP_INTERVAL = 60_000;

const ALLOWED = "a URL such as http://127.0.0.1:4318 is allowed";

/** The settings of what is sent to a collector of OpenTelemetry. */
export const OTLP_SETTINGS: {
  readonly endpoint: Setting<string>;
  readonly interval: DefaultedSetting<number>;
  readonly traces: DefaultedSetting<number>;
} = {
  endpoint: {
    name: "otlp.endpoint",
    flag: "otlp",
    placeholder: "URL",
    example: "http://127.0.0.1:4318",
    help:
      "the collector of OpenTelemetry that figures and traces are sent to, by OTLP over HTTP; OTEL_EXPORTER_OTLP_HEADERS and the standard's other variables hold",
    defaultText: "none",
    takesEffect: "now",
    form: FORMS.text,
    allowed: ALLOWED,
    parse: ([text = ""]) => parseEndpoint(text),
  },
  interval: {
    name: "otlp.interval",
    flag: "otlp-interval",
    placeholder: "TIME",
    example: "10s",
    help: "how often figures are sent",
    defaultText: "1m",
    default: DEFAULT_OTLP_INTERVAL,
    takesEffect: "now",
    ...quantity({
      unit: "milliseconds",
      minimum: 1000,
      maximum: 86_400_000,
    }),
  },
  traces: {
    name: "otlp.traces",
    flag: "otlp-traces",
    placeholder: "SHARE",
    example: "1%",
    help:
      "the share of publishes of which traces are sent; the command trace shows one client or topic for a while",
    defaultText: "none",
    default: 0,
    takesEffect: "now",
    form: FORMS.text,
    allowed: SHARE_ALLOWED,
    parse: ([text = ""]) => parseShare(text),
  },
};

function parseEndpoint(text: string): string {
  if (/^https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/.test(text)) {
    return text.replace(/\/+$/, "").replace(/\/v1\/(?:metrics|traces)$/, "");
  }
  const guess = `http://${text}`;
  throw new SettingError(
    text,
    ALLOWED,
    /^[\w.-]+(?::\d+)?$/.test(text) ? guess : undefined,
  );
}
