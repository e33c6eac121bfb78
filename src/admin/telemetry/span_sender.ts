/** What sends spans, as the SDK has it. */
export interface SpanExporter<Span> {
  /** Sends them, and tells whether that went well: with the code 0 it did. */
  export(
    spans: Span[],
    done: (result: { code: number; error?: Error }) => void,
  ): void;
  /** Ends. */
  shutdown(): Promise<void>;
}

/** What a {@linkcode SpanSender} works with. */
export interface SpanSenderOptions<Span> {
  /** Sends spans. */
  readonly exporter: SpanExporter<Span>;
  /** Told what became of an attempt to send so many spans: without an error it went well, else they are lost. */
  readonly onSent: (spans: number, error: Error | undefined) => void;
  /** Told that a span was dropped: more came than could be sent. */
  readonly onDropped: () => void;
}

/** Spans that wait to be sent, at most. */
const MOST_WAITING = 8192;
/** Spans that are sent at a time. */
const AT_A_TIME = 512;
/** Milliseconds that the first of them waits for others. */
const DELAY = 1000;

/**
 * Sends spans in batches, one batch after the other, as a span processor of the SDK. Its own one does so too, but tells
 * nobody of what it drops and of what fails.
 */
export class SpanSender<Span> {
  readonly #options: SpanSenderOptions<Span>;
  #waiting: Span[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | undefined;
  #closed = false;

  /** Sends nothing yet. */
  constructor(options: SpanSenderOptions<Span>) {
    this.#options = options;
  }

  /** Nothing is to be done before a span ends. */
  onStart(): void {}

  /** Has a span sent. */
  onEnd(span: Span): void {
    if (this.#closed || this.#waiting.length >= MOST_WAITING) {
      this.#options.onDropped();
      return;
    }
    this.#waiting.push(span);
    if (this.#sending !== undefined) return;
    if (this.#waiting.length >= AT_A_TIME) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), DELAY);
  }

  /** Sends all that waits; resolves when that is done, or failed. */
  async forceFlush(): Promise<void> {
    this.#start();
    await this.#sending;
  }

  /** Sends what waits a last time, and takes no more. */
  async shutdown(): Promise<void> {
    this.#closed = true;
    await this.forceFlush();
    await this.#options.exporter.shutdown();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendAll().finally(() => this.#sending = undefined);
  }

  async #sendAll(): Promise<void> {
    const { exporter, onSent } = this.#options;
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, AT_A_TIME);
      const { promise, resolve } = Promise.withResolvers<Error | undefined>();
      exporter.export(
        spans,
        ({ code, error }) =>
          resolve(
            code === 0 ? undefined : error ?? new Error("It refuses them"),
          ),
      );
      onSent(spans.length, await promise);
    }
  }
}
