import { deadline } from "@std/async/deadline";
import { PATIENCE } from "../clients/inbox.ts";

/** What one request brought. */
export interface OtlpRequest {
  readonly path: string;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

/** A collector of OpenTelemetry, as small as one can be. To be had with `await using`. */
export class OtlpReceiver implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #requests: OtlpRequest[] = [];
  #arrival = Promise.withResolvers<void>();

  /** Listens. */
  constructor(port = 0) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      async (request) => {
        const { pathname: path } = new URL(request.url);
        const body = await request.json();
        this.#requests.push({ path, headers: request.headers, body });
        this.#arrival.resolve();
        return Response.json({});
      },
    );
  }

  /** Its port. */
  get port(): number {
    return this.#server.addr.port;
  }

  /** What it is to be named as. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The next request to a path. */
  async request(path: string): Promise<OtlpRequest> {
    for (;;) {
      const at = this.#requests.findIndex((one) => one.path === path);
      if (at !== -1) return this.#requests.splice(at, 1)[0]!;
      this.#arrival = Promise.withResolvers();
      await deadline(this.#arrival.promise, PATIENCE);
    }
  }

  /** Listens no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
