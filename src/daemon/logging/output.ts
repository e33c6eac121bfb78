import type { Counters } from "../../core/counters.ts";
import { type AdjustableLog, createLog } from "../../core/log.ts";
import { LogWriter } from "./writer.ts";
import type { LogFile } from "./file.ts";
import type { Settings } from "../../config/settings/settings.ts";

/** Milliseconds that the last lines may take. */
const LAST_LINES_TIME = 300;

/** Where the broker's log goes. */
export class LogOutput {
  /** The log. */
  readonly log: AdjustableLog;
  readonly #writer: LogWriter;
  readonly #file: LogFile | undefined;

  /**
   * Begins with it, as the settings say.
   *
   * @throws {StartError} If the file that they name cannot be written.
   */
  static async open(
    settings: Settings,
    counters: Pick<Counters, "logLinesLost">,
  ): Promise<LogOutput> {
    const { logFile: path, logFileSize: size, logFiles: files } = settings;
    if (path === undefined) return new LogOutput(settings, counters);
    const { LogFile } = await import("./file.ts");
    return new LogOutput(settings, counters, (output) =>
      new LogFile({
        path,
        size,
        files,
        onFault: (reason) =>
          output.#writer.write(
            `Cannot write the log to ${path}, and lines are lost until it can be: ${reason}`,
          ),
        onLost: (lines) => {
          counters.logLinesLost += lines;
          output.log.warn(
            "Log lines were lost: the file could not be written",
            {
              lines,
            },
          );
        },
      }));
  }

  private constructor(
    { logLevel: level, logFormat: format }: Settings,
    counters: Pick<Counters, "logLinesLost">,
    openFile?: (output: LogOutput) => LogFile,
  ) {
    this.#writer = new LogWriter(Deno.stderr, {
      onLost: (lines) => {
        counters.logLinesLost += lines;
        this.log.warn("Log lines were lost: standard error took no more", {
          lines,
        });
      },
    });
    const file = openFile?.(this);
    this.#file = file;
    const write = file === undefined
      ? (line: string) => this.#writer.write(line)
      : (line: string) => file.write(line);
    this.log = createLog({ level, format, write });
  }

  /** Opens the file anew, if there is one: somebody may have moved it. */
  reopen(): void {
    this.#file?.reopen();
  }

  /** Waits until all lines are written, or for a moment: then the rest is lost. */
  async finish(): Promise<void> {
    this.#file?.close();
    await this.#writer.finish(LAST_LINES_TIME);
  }
}
