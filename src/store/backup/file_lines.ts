/** A line of a file, and where it ends. */
export interface FileLine {
  /** The line without its line feed; `undefined` where it is not UTF-8. */
  readonly text: string | undefined;
  /** Bytes of the file up to and with this line. */
  readonly end: number;
}

const LINE_FEED = 0x0A;

/** The lines of a file, one by one: only the longest must fit into memory. */
export async function* fileLines(
  file: Deno.FsFile,
): AsyncGenerator<FileLine> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const chunk = new Uint8Array(256 * 1024);
  let parts: Uint8Array[] = [];
  let end = 0;
  const line = (): FileLine => {
    const bytes = parts.length === 1 ? parts[0]! : join(parts);
    parts = [];
    end += bytes.length;
    try {
      return { text: decoder.decode(bytes), end };
    } catch {
      return { text: undefined, end };
    }
  };
  for (;;) {
    const count = await file.read(chunk);
    if (count === null) break;
    const read = chunk.subarray(0, count);
    let from = 0;
    for (let at; (at = read.indexOf(LINE_FEED, from)) !== -1; from = at + 1) {
      parts.push(read.subarray(from, at));
      const next = line();
      end++;
      yield { ...next, end };
    }
    if (from < count) parts.push(read.slice(from));
  }
  if (parts.length > 0) yield line();
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
