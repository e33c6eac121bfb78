import { timingSafeEqual } from "node:crypto";
import { describeError, StartError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { formatPeer } from "../transport/format_peer.ts";
import { openEach } from "../transport/socket/open_address.ts";
import type { Figure } from "./figure.ts";
import type { Health } from "./health.ts";
import { Prometheus } from "./prometheus.ts";

/** What a {@linkcode MetricsServer} serves, and where. */
export interface MetricsServerOptions {
  /** The host to listen on. */
  readonly hostname: string;
  /** The port, 0 for any free one. */
  readonly port: number;
  /** What whoever asks for figures must show; left out, nothing. */
  readonly token?: string | undefined;
  /** Where it tells of addresses that it cannot serve on. */
  readonly log: Log;
  /** All figures. */
  readonly figures: readonly Figure[];
  /** Looks how the broker is. */
  readonly health: () => Promise<Health>;
}

const TEXT = { "content-type": "text/plain; charset=utf-8" };

/** Serves figures to Prometheus, and health to who watches over the broker, over HTTP. */
export class MetricsServer {
  readonly #options: MetricsServerOptions;
  readonly #prometheus: Prometheus;
  /** One for each address of the host. */
  readonly #servers: readonly Deno.HttpServer<Deno.NetAddr>[];
  #token: string | undefined;

  /**
   * Listens from now on, on all addresses of the host.
   *
   * @throws {StartError} If one cannot be listened on.
   */
  static async start(options: MetricsServerOptions): Promise<MetricsServer> {
    const { hostname, port, log } = options;
    // The servers answer by what is made of them.
    const { promise: made, resolve: complete } = Promise.withResolvers<
      MetricsServer
    >();
    try {
      const { opened, absent } = await openEach(hostname, port, {
        open: (hostname, port) =>
          Deno.serve(
            {
              hostname,
              port,
              onListen: () => {},
              onError: () => plain(500, "Internal error\n"),
            },
            async (request) => (await made).#answer(request),
          ),
        portOf: ({ addr }) => addr.port,
        close: (server) => void server.shutdown(),
        log,
      });
      for (const { hostname, port, error } of absent) {
        log.warn("Cannot serve metrics on an address", {
          address: formatPeer(hostname, port),
          error: describeError(error),
        });
      }
      const server = new MetricsServer(options, opened);
      complete(server);
      return server;
    } catch (error) {
      throw new StartError(
        `Cannot serve metrics on ${formatPeer(hostname, port)}: ${
          describeError(error)
        }`,
      );
    }
  }

  private constructor(
    options: MetricsServerOptions,
    servers: readonly Deno.HttpServer<Deno.NetAddr>[],
  ) {
    this.#options = options;
    this.#token = options.token;
    this.#prometheus = new Prometheus(options.figures);
    this.#servers = servers;
  }

  /** Where it listens. */
  get url(): string {
    const { hostname, port } = this.#servers[0]!.addr;
    return `http://${formatPeer(hostname, port)}`;
  }

  /** Has another token be shown from now on, or none. */
  set token(token: string | undefined) {
    this.#token = token;
  }

  /** Listens no more, and ends what is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }

  async #answer(request: Request): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(405, "Only GET is answered here\n", { allow: "GET, HEAD" });
    }
    switch (new URL(request.url).pathname) {
      case "/metrics":
        return await this.#metrics(request);
      case "/healthz":
        return await this.#judgement("alive");
      case "/readyz":
        return await this.#judgement("ready");
      default:
        return plain(404, "There are /metrics, /healthz and /readyz\n");
    }
  }

  async #judgement(asked: "alive" | "ready"): Promise<Response> {
    const health = await this.#options.health();
    return health[asked]
      ? plain(200, "ok\n")
      : plain(503, health.reasons.map((reason) => `${reason}\n`).join(""));
  }

  async #metrics(request: Request): Promise<Response> {
    const token = this.#token;
    const shown = request.headers.get("authorization")?.match(/^Bearer (.+)$/i);
    if (token !== undefined && !isSame(shown?.[1] ?? "", token)) {
      return plain(
        401,
        "Show the token, as in Authorization: Bearer TOKEN\n",
        { "www-authenticate": "Bearer" },
      );
    }
    return new Response(await this.#prometheus.text(), {
      headers: { "content-type": this.#prometheus.contentType },
    });
  }
}

function plain(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(text, { status, headers: { ...TEXT, ...headers } });
}

/** Whether two texts are the same, in a time that does not tell how much of them is. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) =>
    new TextEncoder().encode(text)
  ) as [Uint8Array, Uint8Array];
  return first.length === second.length && timingSafeEqual(first, second);
}
