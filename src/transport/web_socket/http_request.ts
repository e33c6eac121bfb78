/** The head of the one HTTP request with which a WebSocket connection begins (RFC 9112, 6455). */

/** The longest head that is read, in bytes: browsers send cookies along. */
export const LONGEST_HEAD = 16 * 1024;

/** A request, without a body. */
export interface HttpRequest {
  /** Its method, such as `GET`. */
  readonly method: string;
  /** What it asks for, such as `/mqtt?a=b`. */
  readonly url: string;
  /** Its header fields by their names in lower case; the values of repeated ones with commas between them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the first bytes of a connection were found to be. */
export type HttpHead =
  /** The beginning of a request. */
  | { readonly type: "unfinished" }
  /** None, or a faulty one: a sentence says why. */
  | { readonly type: "faulty"; readonly reason: string }
  /** A request, the head of which takes so many bytes. */
  | {
    readonly type: "request";
    readonly size: number;
    readonly request: HttpRequest;
  };

/** Fields of which two would leave open which one counts. */
const SINGLE =
  /^(?:host|origin|sec-websocket-key|sec-websocket-version|content-length|transfer-encoding)$/;

/** Reads the request at the beginning of `bytes`; `from` is how many of them were seen before. */
export function parseHttpRequest(bytes: Uint8Array, from = 0): HttpHead {
  if (!couldBeRequest(bytes)) return faulty("not HTTP");
  const end = endOfHead(bytes, Math.max(0, from - 3));
  if (end === -1) {
    return bytes.length < LONGEST_HEAD
      ? { type: "unfinished" }
      : faulty(`a head of more than ${LONGEST_HEAD} bytes`);
  }
  const size = end + 4;
  if (size > LONGEST_HEAD) {
    return faulty(`a head of more than ${LONGEST_HEAD} bytes`);
  }
  const [first = "", ...lines] = new TextDecoder("latin1")
    .decode(bytes.subarray(0, end)).split("\r\n");
  const [, method, url] = /^([A-Z]{1,20}) ([!-~]+) HTTP\/1\.1$/.exec(first) ??
    [];
  if (method === undefined || url === undefined) {
    return faulty("a request line that is none of HTTP/1.1");
  }
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, padded] =
      /^([!#$%&'*+.^_`|~\w-]+):([\t -~\x80-\xff]*)$/.exec(line) ?? [];
    if (name === undefined || padded === undefined) {
      return faulty("a faulty header field");
    }
    const value = withoutPadding(padded);
    const key = name.toLowerCase();
    const former = headers[key];
    if (former !== undefined && SINGLE.test(key)) {
      return faulty(`two header fields ${key}`);
    }
    headers[key] = former === undefined ? value : `${former}, ${value}`;
  }
  return { type: "request", size, request: { method, url, headers } };
}

/**
 * A value without the spaces and tabs around it. By hand, since an expression that leaves them out tries all ways to
 * share out a long row of them among its parts: whoever sends such a row would hold up everybody.
 */
function withoutPadding(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isPadding(text.charCodeAt(start))) start++;
  while (end > start && isPadding(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isPadding(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The offset of the empty line behind the head, or -1. */
function endOfHead(bytes: Uint8Array, from: number): number {
  for (
    let at = bytes.indexOf(0x0d, from);
    at !== -1;
    at = bytes.indexOf(0x0d, at + 1)
  ) {
    if (
      bytes[at + 1] === 0x0a && bytes[at + 2] === 0x0d && bytes[at + 3] === 0x0a
    ) return at;
  }
  return -1;
}

/** Whether bytes may become a request: what speaks MQTT or TLS to this port is to be told apart at once. */
function couldBeRequest(bytes: Uint8Array): boolean {
  const letters = bytes.subarray(0, 3);
  return letters.every((byte) => byte >= 0x41 && byte <= 0x5a);
}

function faulty(reason: string): HttpHead {
  return { type: "faulty", reason };
}
