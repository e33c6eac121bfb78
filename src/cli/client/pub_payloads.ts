import { describeError, StartError } from "../../core/errors.ts";
import { type ParsedFlags, usageError } from "../../terminal/flags.ts";

/** What is to be published, one message after the other. */
export type Payloads = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The longest payload: what MQTT has room for with a topic beside it. */
const LONGEST = 268_435_455 - 65_537;

/** The flags of which one says where messages come from. */
const SOURCES = ["message", "file", "stdin-line", "stdin-file", "null-message"];

/**
 * What the flags say to publish.
 *
 * @throws {StartError} If they say nothing, or several things, or a file cannot be read.
 */
export function readPayloads({ values, switches }: ParsedFlags): Payloads {
  const given = SOURCES.filter((name) =>
    values.has(name) || switches.has(name)
  );
  if (given.length !== 1) {
    throw usageError(
      given.length === 0
        ? "Say what to publish: -m TEXT, -f FILE, -l (lines of standard input), -s (all of it) or -n (nothing)"
        : `Give one of ${given.map((name) => `--${name}`).join(" and ")}`,
    );
  }
  switch (given[0]) {
    case "message":
      return [new TextEncoder().encode(values.get("message")![0])];
    case "file":
      return [readFile(values.get("file")![0]!)];
    case "stdin-line":
      return lines(Deno.stdin.readable);
    case "stdin-file":
      return whole(Deno.stdin.readable);
    default:
      return [new Uint8Array(0)];
  }
}

function readFile(file: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(file);
  } catch (error) {
    throw new StartError(`Cannot read ${file}: ${describeError(error)}`);
  }
  checkLength(bytes.length, file);
  return bytes;
}

async function* whole(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    checkLength(length, "standard input");
  }
  yield await new Blob(chunks as BlobPart[]).bytes();
}

/** The lines without their ends, and what follows the last line end if there is anything. */
export async function* lines(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [];
  let length = 0;
  const complete = async (end: Uint8Array): Promise<Uint8Array> => {
    const line = begun.length === 0
      ? end
      : await new Blob([...begun, end] as BlobPart[]).bytes();
    begun = [];
    length = 0;
    return line.at(-1) === 0x0D ? line.subarray(0, -1) : line;
  };
  for await (const chunk of stream) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0A, start);
      if (end === -1) break;
      yield await complete(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start === chunk.length) continue;
    begun.push(chunk.subarray(start));
    length += chunk.length - start;
    checkLength(length, "a line of standard input");
  }
  if (begun.length > 0) yield await complete(new Uint8Array(0));
}

function checkLength(length: number, what: string): void {
  if (length <= LONGEST) return;
  throw new StartError(
    `Cannot publish ${what}: it is longer than the ${LONGEST} bytes for which MQTT has room`,
  );
}
