import type { HttpRequest } from "./http_request.ts";
import type { WebSocketSettings } from "../listener_settings.ts";
import { isWelcome } from "./origin.ts";

/** The subprotocols that stand for MQTT: of all versions, and as it was called for 3.1. */
const SUBPROTOCOLS = ["mqtt", "mqttv3.1"];

/** Characters of a path that the log shows. */
const LONGEST_SHOWN = 100;

/** What is asked of a request. */
export interface RequestRules extends WebSocketSettings {
  /** The path at which MQTT is spoken; `undefined` for any. */
  readonly path: string | undefined;
}

/** What is answered to a request. */
export type Verdict =
  /** It is one for MQTT over WebSocket. */
  | { readonly type: "upgrade"; readonly subprotocol: string }
  /** Something else is asked for, which is no sign of trouble; what to say. */
  | {
    readonly type: "other";
    readonly status: 404 | 426;
    readonly text: string;
  }
  /** A client wants to connect and may not; a reason for it and for the log. */
  | {
    readonly type: "refused";
    readonly status: 400 | 403 | 404;
    readonly reason: string;
  };

/** Judges the request with which a connection begins. */
export function judgeRequest(
  request: HttpRequest,
  { path, origins }: RequestRules,
): Verdict {
  const { method, url, headers } = request;
  const [asked = ""] = url.split("?", 1);
  const isUpgrade = method === "GET" &&
    words(headers["upgrade"]).includes("websocket") &&
    words(headers["connection"]).includes("upgrade");
  if (path !== undefined && asked !== path) {
    if (isUpgrade) {
      const shown = JSON.stringify(asked.slice(0, LONGEST_SHOWN));
      const reason =
        `it asked for WebSocket at ${shown}, and MQTT is spoken at ${path}`;
      return { type: "refused", status: 404, reason };
    }
    const text =
      `There is nothing here: this is an MQTT broker, which speaks WebSocket at ${path}`;
    return { type: "other", status: 404, text };
  }
  if (!isUpgrade) {
    const text =
      "This is an MQTT broker: connect with WebSocket and the subprotocol mqtt";
    return { type: "other", status: 426, text };
  }
  const length = headers["content-length"];
  if (
    headers["transfer-encoding"] !== undefined ||
    length !== undefined && length !== "0"
  ) {
    return refused(400, "the request has a body");
  }
  const { origin, host } = headers;
  if (!isWelcome(origin, host, origins)) {
    const shown = JSON.stringify(origin!.slice(0, 2 * LONGEST_SHOWN));
    const remedy = origins === "own"
      ? " as long as anybody may come in: if they are yours, name them in origins"
      : ": see origins";
    return refused(403, `pages of ${shown} may not connect${remedy}`);
  }
  // [MQTT-6.0.0-3]
  const offers = headers["sec-websocket-protocol"]?.split(",") ?? [];
  const subprotocol = offers.map((offer) => offer.trim())
    .find((offer) => SUBPROTOCOLS.includes(offer));
  if (subprotocol === undefined) {
    return refused(400, "it does not ask for the subprotocol mqtt");
  }
  return { type: "upgrade", subprotocol };
}

function words(list = ""): string[] {
  return list.split(",").map((word) => word.trim().toLowerCase());
}

function refused(status: 400 | 403, reason: string): Verdict {
  return { type: "refused", status, reason };
}
