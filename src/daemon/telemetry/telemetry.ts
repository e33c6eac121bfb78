import { deadline } from "@std/async/deadline";
import type { TraceSwitch } from "../../admin/control_commands.ts";
import type { TracePlan } from "../../admin/trace_plan.ts";
import { StartError } from "../../core/errors.ts";
import type { OtlpOptions } from "./otlp.ts";
import type { Settings } from "../../config/settings/settings.ts";
import type { Traces } from "./traces.ts";
import { VERSION } from "../../terminal/version.ts";

/** Milliseconds that a collector has to take what is sent a last time. */
const LAST_WORD_TIME = 2000;

/** What of the settings tells about a collector of OpenTelemetry. */
export type TelemetrySettings = Pick<
  Settings,
  "otlpEndpoint" | "otlpInterval" | "otlpTraces"
>;

/** What a {@linkcode Telemetry} works with. */
export type TelemetryOptions = Omit<OtlpOptions, "endpoint" | "interval">;

/** Sends figures and traces to a collector where the settings say so, and loads what does only if they do. */
export class Telemetry implements TraceSwitch {
  readonly #options: TelemetryOptions;
  #settings: TelemetrySettings = {
    otlpEndpoint: undefined,
    otlpInterval: 0,
    otlpTraces: 0,
  };
  #endFigures: (() => Promise<void>) | undefined;
  #traces: Traces | undefined;
  /** The change under way. */
  #last: Promise<unknown> = Promise.resolve();

  /** Sends nothing yet. */
  constructor(options: TelemetryOptions) {
    this.#options = options;
  }

  /** Sends by these settings from now on. What is traced by hand goes on where they say the same about traces as before. */
  change(settings: TelemetrySettings): Promise<void> {
    return this.#inTurn(() => this.#change(settings));
  }

  /**
   * Traces publishes for some milliseconds, in place of the share that the settings name. Says in a sentence what is
   * traced.
   *
   * @throws {StartError} If the settings name no collector.
   */
  traceOn(plan: TracePlan, milliseconds: number): Promise<string> {
    return this.#inTurn(async () => {
      const traces = await this.#openTraces();
      traces.follow(plan, { milliseconds, next: this.#standing });
      return `${traces.state.split("\n", 1)[0]}`;
    });
  }

  /** Traces nothing any more, until that is asked for or the settings say another share. Says so. */
  traceOff(): Promise<string> {
    return this.#inTurn(() => {
      this.#traces?.follow(undefined);
      return this.traceStatus();
    });
  }

  /** What is traced and what became of that, in a sentence or two. */
  traceStatus(): string {
    return this.#traces?.state ?? "Nothing is traced";
  }

  /** Sends what there is a last time, if that does not take long. */
  close(): Promise<void> {
    return this.#inTurn(() =>
      lastWord(Promise.all([this.#traces?.close(), this.#endFigures?.()]))
    );
  }

  /** What is traced without anybody asking. */
  get #standing(): TracePlan | undefined {
    const { otlpEndpoint, otlpTraces: share } = this.#settings;
    return otlpEndpoint === undefined || share === 0 ? undefined : { share };
  }

  async #change(settings: TelemetrySettings): Promise<void> {
    const { otlpEndpoint: endpoint, otlpInterval: interval } = settings;
    const former = this.#settings;
    this.#settings = settings;
    const isElsewhere = endpoint !== former.otlpEndpoint;
    if (isElsewhere || interval !== former.otlpInterval) {
      await lastWord(this.#endFigures?.());
      this.#endFigures = endpoint === undefined
        ? undefined
        : await this.#startFigures(endpoint);
    }
    if (isElsewhere) {
      await lastWord(this.#traces?.close());
      this.#traces = undefined;
    }
    if (isElsewhere || settings.otlpTraces !== former.otlpTraces) {
      if (this.#standing === undefined) this.#traces?.follow(undefined);
      else (await this.#openTraces()).follow(this.#standing);
    }
  }

  async #startFigures(endpoint: string): Promise<() => Promise<void>> {
    const { startOtlp } = await import("./otlp.ts");
    const { otlpInterval: interval } = this.#settings;
    return startOtlp({ ...this.#options, endpoint, interval });
  }

  async #openTraces(): Promise<Traces> {
    const { otlpEndpoint: endpoint } = this.#settings;
    if (endpoint === undefined) {
      throw new StartError(
        "Cannot trace: no collector is named that traces could be sent to; set otlp.endpoint, or start with --otlp URL",
      );
    }
    if (this.#traces === undefined) {
      const { Traces } = await import("./traces.ts");
      const { broker, log } = this.#options;
      this.#traces = new Traces({ endpoint, version: VERSION, broker, log });
    }
    return this.#traces;
  }

  /** Does one thing after the other. */
  #inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const done = this.#last.catch(() => {}).then(work);
    this.#last = done;
    return done;
  }
}

/** Waits for what is sent a last time, but not for a collector that is away: it must hold up nothing. */
async function lastWord(sent: Promise<unknown> | undefined): Promise<void> {
  if (sent === undefined) return;
  try {
    await deadline(sent, LAST_WORD_TIME);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
