import assert from "node:assert/strict";
import { utf8 } from "../../../tests/support/bytes.ts";
import { indentJson, minifyJson } from "./indent_json.ts";
import { showPayload } from "./show.ts";

Deno.test("indentJson indents and changes nothing else", () => {
  assert.equal(
    indentJson('{"a":[1.0,12345678901234567890,{}],"b":"{\\"x\\": [","c":[ ]}'),
    `{
  "a": [
    1.0,
    12345678901234567890,
    {}
  ],
  "b": "{\\"x\\": [",
  "c": []
}`,
  );
  for (const other of ["12", '"text"', "{", "{a:1}", "[1,]", "hello"]) {
    assert.equal(indentJson(other), undefined);
  }
});

Deno.test("minifyJson leaves out blanks and nothing else", () => {
  assert.equal(
    minifyJson(' { "a b" : [ 1.0 , "\\" " ] } '),
    '{"a b":[1.0,"\\" "]}',
  );
  assert.equal(minifyJson("{"), undefined);
});

Deno.test("showPayload leaves text as it is and dumps what would do something to a terminal", () => {
  assert.equal(showPayload(utf8("21.5 °C\n\tnext")), "21.5 °C\n\tnext");
  assert.equal(showPayload(utf8("\x1b[2J")), "1b 5b 32 4a  |.[2J|");
  assert.equal(showPayload(new Uint8Array([0xc3, 0x28])), "c3 28  |.(|");
  assert.equal(
    showPayload(Uint8Array.from({ length: 18 }, (_, at) => at + 0x41)),
    "ABCDEFGHIJKLMNOPQR",
  );
  assert.equal(
    showPayload(Uint8Array.from({ length: 18 }, (_, at) => at)),
    "0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  |................|\n" +
      `0010  10 11${" ".repeat(42)}  |..|`,
  );
  assert.match(
    showPayload(new Uint8Array(5000)),
    /\n0ff0 .*\n\.\.\. 5000 bytes in all$/,
  );
});
