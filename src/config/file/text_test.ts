import assert from "node:assert/strict";
import { decodeText, positionAt } from "./text.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, isBig: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) {
    view.setUint16(at * 2, text.charCodeAt(at), !isBig);
  }
  return bytes;
}

Deno.test("decodeText reads UTF-8", () => {
  assert.deepEqual(decodeText(utf8("a = 'ä€😀'\r\n")), {
    text: "a = 'ä€😀'\r\n",
  });
  assert.deepEqual(decodeText(new Uint8Array()), { text: "" });
});

Deno.test("decodeText names other encodings and byte-order marks", () => {
  const text = "allow_anonymous = true # ä\n";
  for (const isBig of [false, true]) {
    for (const mark of ["", "\uFEFF"]) {
      const { text: read, fault } = decodeText(utf16(mark + text, isBig));
      assert.equal(read, undefined);
      assert.match(fault!.what, /^This is UTF-16/);
    }
  }
  const marked = decodeText(utf8(`\uFEFF${text}`));
  assert.equal(marked.text, text);
  assert.match(marked.fault!.what, /begins with a byte-order mark/);
});

Deno.test("decodeText says where a text is none", () => {
  const cases: [number[], RegExp, [number, number]][] = [
    [[...utf8("a\nä"), 0xE4, 0x0A], /byte 0xE4/, [2, 2]],
    [[0xC3], /byte 0xC3/, [1, 1]],
    [[...utf8("ab\n\n"), 0xF0, 0x9F, 0x98], /byte 0xF0/, [3, 1]],
    [[...utf8("a = 1\nb€"), 0], /zero byte/, [2, 3]],
  ];
  for (const [bytes, what, [line, column]] of cases) {
    const { text, fault } = decodeText(new Uint8Array(bytes));
    assert.equal(text, undefined);
    assert.match(fault!.what, what);
    assert.deepEqual(fault!.position, { line, column }, String(what));
  }
});

Deno.test("positionAt counts characters, not code units", () => {
  assert.deepEqual(positionAt("", 0), { line: 1, column: 1 });
  assert.deepEqual(positionAt("a\r\n😀b", 5), { line: 2, column: 2 });
});
