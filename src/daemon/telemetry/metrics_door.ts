import { describeError, StartError } from "../../core/errors.ts";
import type { MetricsOptions, OpenMetrics } from "./metrics.ts";
import type { Settings } from "../../config/settings/settings.ts";

/** Where figures are served, and what must be shown. */
interface MetricsPlan {
  readonly listen: Settings["metrics"];
  readonly token: string | undefined;
}

/** Serves figures where the settings say, and loads what does so only if they do. */
export class MetricsDoor {
  readonly #options: Omit<MetricsOptions, keyof MetricsPlan>;
  #plan: MetricsPlan = { listen: undefined, token: undefined };
  #open: OpenMetrics | undefined;
  /** The change under way. */
  #last: Promise<unknown> = Promise.resolve();

  /** Serves nothing yet. */
  constructor(options: Omit<MetricsOptions, keyof MetricsPlan>) {
    this.#options = options;
  }

  /**
   * Serves by these settings from now on; the token is read anew. Returns what takes that back.
   *
   * @throws {StartError} If the address cannot be listened on, or the token cannot be read; nothing has changed then.
   */
  change(
    settings: Pick<Settings, "metrics" | "metricsToken">,
  ): Promise<() => Promise<void>> {
    const change = this.#last.catch(() => {}).then(() =>
      this.#change(settings)
    );
    this.#last = change;
    return change;
  }

  /** Serves nothing any more. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }

  async #change(
    { metrics: listen, metricsToken }: Pick<
      Settings,
      "metrics" | "metricsToken"
    >,
  ): Promise<() => Promise<void>> {
    const isGuarded = listen !== undefined && metricsToken !== undefined;
    const token = isGuarded ? await readToken(metricsToken) : undefined;
    const former = this.#plan;
    const takeBack = () => this.#serve(former);
    try {
      await this.#serve({ listen, token });
    } catch (error) {
      await takeBack();
      throw error;
    }
    return takeBack;
  }

  async #serve(plan: MetricsPlan): Promise<void> {
    const { listen, token } = plan;
    if (this.#open !== undefined && isSame(listen, this.#plan.listen)) {
      this.#open.useToken(token);
    } else {
      // Before the other one is opened: both may have the same port.
      await this.close();
      if (listen !== undefined) {
        const { openMetrics } = await import("./metrics.ts");
        this.#open = await openMetrics({ ...this.#options, listen, token });
      }
    }
    this.#plan = plan;
  }
}

function isSame(
  one: MetricsPlan["listen"],
  other: MetricsPlan["listen"],
): boolean {
  return one?.hostname === other?.hostname && one?.port === other?.port;
}

async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await Deno.readTextFile(file)).trim();
  } catch (error) {
    throw new StartError(
      `Cannot read the metrics token: ${describeError(error)}`,
    );
  }
  if (token === "" || /\s/.test(token)) {
    throw new StartError(
      `Cannot use the metrics token in ${file}: one line without spaces is wanted`,
    );
  }
  return token;
}
