import type { PublishContents } from "../../codec/decode/publish_contents.ts";
import { ByteBuffer } from "../../core/byte_buffer.ts";
import { describeError, StartError } from "../../core/errors.ts";
import { printable } from "../../terminal/columns.ts";
import type { ParsedFlags } from "../../terminal/flags.ts";
import { indentJson } from "../messages/indent_json.ts";
import { compileFormat, type MessageWriter } from "../messages/format.ts";
import { showPayload } from "../messages/show.ts";

const encoder = new TextEncoder();
const NEW_LINE = encoder.encode("\n");

/** Where messages are written to. */
interface Sink extends Disposable {
  write(bytes: Uint8Array): Promise<number>;
}

/** Shows messages in the way that the flags ask for. */
export class SubOutput implements Disposable {
  readonly #buffer = new ByteBuffer();
  readonly #sink: Sink;
  readonly #write: MessageWriter;

  /** Opens the file, if there is to be one. */
  static open(parsed: ParsedFlags): SubOutput {
    const file = parsed.values.get("output")?.[0];
    const isTerminal = file === undefined && Deno.stdout.isTerminal();
    const sink = file === undefined ? STANDARD_OUTPUT : openFile(file);
    return new SubOutput(sink, writerOf(parsed, isTerminal));
  }

  private constructor(sink: Sink, write: MessageWriter) {
    this.#sink = sink;
    this.#write = write;
  }

  /** Adds a message. Returns what is wrong with it, if it cannot be shown so. */
  add(message: PublishContents): string | undefined {
    const arrival = performance.timeOrigin + performance.now();
    return this.#write(this.#buffer, message, arrival);
  }

  /** Writes what was added. Rejects with `Deno.errors.BrokenPipe` when nobody reads any more. */
  async flush(): Promise<void> {
    const bytes = this.#buffer.take();
    for (let at = 0; at < bytes.length;) {
      at += await this.#sink.write(bytes.subarray(at));
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#sink[Symbol.dispose]();
  }
}

const STANDARD_OUTPUT: Sink = {
  write: (bytes) => Deno.stdout.write(bytes),
  [Symbol.dispose]: () => {},
};

function openFile(file: string): Sink {
  try {
    return Deno.openSync(file, { append: true, create: true });
  } catch (error) {
    throw new StartError(`Cannot write to ${file}: ${describeError(error)}`);
  }
}

function writerOf(
  { values, switches }: ParsedFlags,
  isTerminal: boolean,
): MessageWriter {
  const end = switches.has("no-newline") ? new Uint8Array(0) : NEW_LINE;
  const isPretty = switches.has("pretty");
  const format = values.get("format")?.[0];
  if (format !== undefined) {
    const write = compileFormat(format, isPretty);
    return (out, message, arrival) => {
      const fault = write(out, message, arrival);
      if (fault === undefined) out.append(end);
      return fault;
    };
  }
  const isVerbose = switches.has("verbose");
  const isForPeople = isTerminal && !switches.has("raw");
  return (out, { topic, payload }) => {
    // An empty payload is shown as mosquitto_sub does: beside its topic, or not at all.
    if (payload.length === 0) {
      if (isVerbose && end.length > 0) append(out, `${topic} (null)\n`);
      return undefined;
    }
    if (isForPeople) {
      const text = showPayload(payload);
      if (isVerbose) {
        append(out, `${printable(topic)}${text.includes("\n") ? "\n" : " "}`);
      }
      append(out, text);
    } else {
      if (isVerbose) append(out, `${topic} `);
      if (isPretty) append(out, prettyOf(payload) ?? payload);
      else out.append(payload);
    }
    out.append(end);
    return undefined;
  };
}

function append(out: ByteBuffer, what: string | Uint8Array): void {
  out.append(typeof what === "string" ? encoder.encode(what) : what);
}

function prettyOf(payload: Uint8Array): string | undefined {
  return indentJson(new TextDecoder().decode(payload));
}
