const decoder = new TextDecoder();
const LINE_FEED = 0x0A;
const CHUNK = 4096;

/**
 * Reads the first line of a stream, without its line feed; the rest if there is none. `undefined` if it is empty, or
 * longer than so many bytes.
 */
export async function readLine(
  stream: { read(buffer: Uint8Array): Promise<number | null> },
  longest: number,
): Promise<string | undefined> {
  let bytes = new Uint8Array(CHUNK);
  let length = 0;
  for (;;) {
    const read = await stream.read(bytes.subarray(length));
    const end = read === null
      ? length
      : bytes.subarray(length, length + read).indexOf(LINE_FEED);
    if (read === null || end >= 0) {
      const line = bytes.subarray(0, read === null ? end : length + end);
      return line.length === 0 ? undefined : decoder.decode(line);
    }
    length += read;
    if (length > longest) return undefined;
    if (length === bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(bytes);
      bytes = larger;
    }
  }
}
