/** IP addresses as bytes: always 16, of which IPv4 takes the last four behind `::ffff:`. */

/** What an IPv4 address begins with. */
const MAPPED = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** Whether such bytes stand for an IPv4 address. */
export function isIpv4(bytes: Uint8Array): boolean {
  return MAPPED.every((byte, index) => bytes[index] === byte);
}

/** The 16 bytes for the four of an IPv4 address. */
export function fromIpv4(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(16);
  all.set(MAPPED);
  all.set(bytes, 12);
  return all;
}

/** Reads an address as people write it, with a zone (`fe80::1%eth0`) that does not count; `undefined` if it is none. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (!text.includes(":")) {
    const bytes = parseQuad(text);
    return bytes && fromIpv4(bytes);
  }
  const [address = ""] = text.split("%", 1);
  return parseIpv6(address);
}

/** Writes an address in its shortest form: IPv6 as RFC 5952 has it, mapped IPv4 as IPv4. */
export function formatIpAddress(bytes: Uint8Array): string {
  if (isIpv4(bytes)) return bytes.subarray(12).join(".");
  const groups = Array.from(
    { length: 8 },
    (_, index) => bytes[index * 2]! << 8 | bytes[index * 2 + 1]!,
  );
  let start = 0;
  let length = 1;
  for (let from = 0; from < 8; from++) {
    let end = from;
    while (groups[end] === 0) end++;
    if (end - from > length) [start, length] = [from, end - from];
  }
  const words = groups.map((group) => group.toString(16));
  if (length < 2) return words.join(":");
  return `${words.slice(0, start).join(":")}::${
    words.slice(start + length).join(":")
  }`;
}

/** An address as {@linkcode formatIpAddress} would write it; what is no address stays as it is. */
export function normalIpAddress(text: string): string {
  const bytes = text.includes(":") ? parseIpAddress(text) : undefined;
  return bytes === undefined ? text : formatIpAddress(bytes);
}

function parseQuad(text: string): Uint8Array | undefined {
  if (!/^(?:(?:0|[1-9]\d{0,2})(?:\.(?!$)|$)){4}$/.test(text)) return undefined;
  const numbers = text.split(".").map(Number);
  return numbers.every((number) => number <= 255)
    ? new Uint8Array(numbers)
    : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves[1] === undefined ? [] : parseGroups(halves[1], true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return new Uint8Array([...head, ...new Array(missing).fill(0), ...tail]);
}

/** The bytes of groups between colons, the last of which may be written like IPv4 at the end of an address. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (/^[\da-f]{1,4}$/i.test(group)) {
      const number = parseInt(group, 16);
      bytes.push(number >> 8, number & 0xff);
      continue;
    }
    const quad = isEnd && index === groups.length - 1
      ? parseQuad(group)
      : undefined;
    if (quad === undefined) return undefined;
    bytes.push(...quad);
  }
  return bytes;
}
