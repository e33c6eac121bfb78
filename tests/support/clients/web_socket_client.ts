import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import { utf8 } from "../bytes.ts";
import { PATIENCE } from "./inbox.ts";

/** A frame as it came. */
export interface Frame {
  /** 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  /** What it holds. */
  readonly payload: Uint8Array;
}

/** The opening request of a client that does all right, with other header fields where a test wants them. */
export function request(
  path = "/mqtt",
  fields: Readonly<Record<string, string | undefined>> = {},
): string {
  const all = {
    Host: "localhost",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "mqtt",
    ...fields,
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** The bytes of a client's frame. */
export function frame(
  opcode: number,
  payload: Uint8Array,
  { isLast = true } = {},
): Uint8Array {
  const { length } = payload;
  const size = length < 126
    ? [0x80 | length]
    : length < 65_536
    ? [0x80 | 126, length >> 8, length & 0xff]
    : [0x80 | 127, 0, 0, 0, 0, ...bytesOf(length)];
  const mask = [0x12, 0x34, 0x56, 0x78];
  const head = [(isLast ? 0x80 : 0) | opcode, ...size, ...mask];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  for (let index = 0; index < length; index++) {
    bytes[head.length + index] = payload[index]! ^ mask[index & 3]!;
  }
  return bytes;
}

function bytesOf(number: number): number[] {
  return [24, 16, 8, 0].map((shift) => number >>> shift & 0xff);
}

/** A WebSocket client that can do wrong. It reads and writes on a connection that its owner closes. */
export class WebSocketClient {
  readonly #connection: Deno.Conn;
  #bytes = new Uint8Array(0);

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Goes through the opening handshake, which must succeed. */
  static async open(
    connection: Deno.Conn,
    opening: string | Uint8Array = request(),
  ): Promise<WebSocketClient> {
    const client = new WebSocketClient(connection);
    await client.send(
      typeof opening === "string" ? utf8(opening) : opening,
    );
    const head = await client.head();
    assert.match(
      head,
      /^HTTP\/1.1 101 [^]*accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i,
    );
    return client;
  }

  /** Sends bytes as they are. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#connection.write(bytes.subarray(at));
    }
  }

  /** The head of an answer. */
  async head(): Promise<string> {
    let text = "";
    while (!text.endsWith("\r\n\r\n")) {
      text += String.fromCharCode(...await this.#exactly(1));
    }
    return text;
  }

  /** The next frame; `undefined` at the end of the stream. */
  async frame(): Promise<Frame | undefined> {
    if (this.#bytes.length === 0 && !await this.#more()) return undefined;
    const [first, second] = await this.#exactly(2);
    assert.equal(first! & 0x70, 0, "Reserved bits");
    assert.equal(second! & 0x80, 0, "A server masks nothing");
    let length = second! & 0x7f;
    if (length >= 126) {
      const bytes = await this.#exactly(length === 126 ? 2 : 8);
      length = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    }
    return { opcode: first! & 0x0f, payload: await this.#exactly(length) };
  }

  async #exactly(count: number): Promise<Uint8Array> {
    while (this.#bytes.length < count) {
      assert.ok(await this.#more(), "Ended within a frame");
    }
    const taken = this.#bytes.slice(0, count);
    this.#bytes = this.#bytes.slice(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    const count = await deadline(this.#connection.read(buffer), PATIENCE);
    if (count === null) return false;
    const bytes = new Uint8Array(this.#bytes.length + count);
    bytes.set(this.#bytes);
    bytes.set(buffer.subarray(0, count), this.#bytes.length);
    this.#bytes = bytes;
    return true;
  }
}
