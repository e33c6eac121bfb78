import assert from "node:assert/strict";
import fc from "fast-check";
import { join, u16, utf8 } from "../../../tests/support/bytes.ts";
import { parseIpAddress } from "../ip_address.ts";
import {
  LONGEST_HEADER,
  parseProxyHeader,
  type ProxyHeader,
} from "./protocol.ts";

const SIGNATURE = Uint8Array.from([
  13,
  10,
  13,
  10,
  0,
  13,
  10,
  81,
  85,
  73,
  84,
  10,
]);

/** A header of version 2. */
function binary(
  command: number,
  family: number,
  rest: Uint8Array,
  length = rest.length,
): Uint8Array {
  return join(SIGNATURE, Uint8Array.of(command, family), u16(length), rest);
}

function ipv4(...ports: number[]): Uint8Array {
  return join(Uint8Array.of(192, 0, 2, 7, 198, 51, 100, 1), ...ports.map(u16));
}

const IPV6 = join(
  parseIpAddress("2001:db8::7")!,
  parseIpAddress("2001:db8::1")!,
  u16(51_234),
  u16(1883),
);

/** A type, a length and a value, as they may follow the addresses. */
function extra(type: number, value: Uint8Array): Uint8Array {
  return join(Uint8Array.of(type), u16(value.length), value);
}

Deno.test("parseProxyHeader reads both versions", () => {
  const there = { host: "192.0.2.7", port: 51_234 };
  const there6 = { host: "2001:db8::7", port: 51_234 };
  const cases: [string | Uint8Array, typeof there | undefined][] = [
    ["PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\r\n", there],
    ["PROXY TCP4 192.0.2.7 198.51.100.1 0 65535\r\n", { ...there, port: 0 }],
    ["PROXY TCP6 2001:db8::7 2001:0db8::1 51234 1883\r\n", there6],
    ["PROXY TCP6 ::ffff:192.0.2.7 ::1 51234 1883\r\n", there],
    ["PROXY UNKNOWN\r\n", undefined],
    ["PROXY UNKNOWN ffff::1 whatever it says 1 2\r\n", undefined],
    [binary(0x21, 0x11, ipv4(51_234, 1883)), there],
    [binary(0x21, 0x21, IPV6), there6],
    [binary(0x21, 0x31, new Uint8Array(216)), undefined],
    [binary(0x21, 0x00, utf8("whatever")), undefined],
    [binary(0x20, 0x00, new Uint8Array(0)), undefined],
    [binary(0x20, 0x11, ipv4(51_234, 1883)), undefined],
    [
      binary(
        0x21,
        0x11,
        join(
          ipv4(51_234, 1883),
          extra(4, new Uint8Array(9)),
          extra(2, utf8("a")),
        ),
      ),
      there,
    ],
    [
      binary(
        0x21,
        0x11,
        join(ipv4(51_234, 1883), extra(32, new Uint8Array(505))),
      ),
      there,
    ],
  ];
  for (const [header, source] of cases) {
    const bytes = typeof header === "string" ? utf8(header) : header;
    const expected = { type: "header", size: bytes.length, source };
    assert.deepEqual(parseProxyHeader(bytes), expected, String(header));
    const more = join(bytes, utf8("\r\nPROXY"));
    assert.deepEqual(parseProxyHeader(more), expected, String(header));
  }
});

Deno.test("parseProxyHeader says what is wrong with a header", () => {
  const tcp4 = ipv4(1, 2);
  const cases: [string | Uint8Array, RegExp][] = [
    [Uint8Array.of(0x10, 0x0c), /does not begin with it/],
    ["GET / HTTP/1.1\r\n", /does not begin with it/],
    ["PROXY\r\n", /does not begin with it/],
    ["PROXY TCP4\r\n", /is not like/],
    ["PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\n", /end with CRLF/],
    ["PROXY TCP4  192.0.2.7 198.51.100.1 51234 1883\r\n", /is not like/],
    ["PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883 \r\n", /is not like/],
    ["PROXY TCP4 192.0.2.7 198.51.100.1 051234 1883\r\n", /is not like/],
    ["PROXY TCP4 192.0.2.7 198.51.100.1 65536 1883\r\n", /port above/],
    ["PROXY TCP4 192.0.2.7 198.51.100.1 1 99999\r\n", /port above/],
    ["PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n", /none of IPv4/],
    ["PROXY TCP4 ::1 ::1 1 2\r\n", /none of IPv4/],
    ["PROXY TCP4 192.0.2.7 localhost 1 2\r\n", /none of IPv4/],
    ["PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n", /none of IPv6/],
    ["PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", /none of IPv6/],
    ["PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n", /is not like/],
    ["PROXY UNKNOWN\r\r\n", /is not like/],
    [`PROXY UNKNOWN ${"x".repeat(200)}\r\n`, /has no end/],
    [binary(0x11, 0x11, tcp4), /version or command/],
    [binary(0x22, 0x11, tcp4), /version or command/],
    [binary(0x21, 0x12, tcp4), /unknown family/],
    [binary(0x21, 0x41, tcp4), /unknown family/],
    [binary(0x21, 0x11, tcp4.subarray(1)), /too short/],
    [binary(0x21, 0x21, tcp4), /too short/],
    [binary(0x21, 0x11, join(tcp4, Uint8Array.of(4, 0))), /does not end/],
    [binary(0x21, 0x11, join(tcp4, Uint8Array.of(4, 0, 1))), /does not end/],
    [binary(0x21, 0x11, tcp4, 521), /longer than 536/],
    [binary(0x20, 0x00, tcp4, 65_535), /longer than 536/],
  ];
  for (const [header, reason] of cases) {
    const bytes = typeof header === "string" ? utf8(header) : header;
    const found = parseProxyHeader(bytes);
    assert.equal(found.type, "faulty", String(header));
    assert.match((found as { reason: string }).reason, reason, String(header));
  }
});

/** Headers with something changed, cut off or put in, and bytes that are none. */
const almostHeaders = fc.tuple(
  fc.constantFrom(
    utf8("PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\r\n"),
    utf8("PROXY TCP6 2001:db8::7 2001:db8::1 51234 1883\r\n"),
    utf8("PROXY UNKNOWN\r\n"),
    binary(0x21, 0x11, join(ipv4(1, 2), extra(1, utf8("mqtt")))),
    binary(0x21, 0x21, IPV6),
    binary(0x20, 0, new Uint8Array(0)),
    new Uint8Array(0),
  ),
  fc.nat(60),
  fc.nat(3),
  fc.uint8Array({ maxLength: 20 }),
).map(([bytes, at, removed, added]) =>
  join(bytes.subarray(0, at), added, bytes.subarray(at + removed))
);

/** What comes of bytes that come in pieces. */
function inPieces(bytes: Uint8Array, cuts: readonly number[]): ProxyHeader {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  let found: ProxyHeader = { type: "unfinished" };
  for (const end of ends.sort((one, other) => one - other)) {
    found = parseProxyHeader(bytes.subarray(0, end));
    if (found.type !== "unfinished") return found;
  }
  return found;
}

Deno.test("parseProxyHeader finds the same in bytes that come in pieces", () => {
  fc.assert(
    fc.property(
      almostHeaders,
      fc.array(fc.nat(600), { maxLength: 5 }),
      (bytes, cuts) => {
        const whole = parseProxyHeader(bytes);
        const found = inPieces(bytes, cuts);
        // A fault may be seen earlier, and then in another way.
        assert.equal(found.type, whole.type);
        if (whole.type === "header") assert.deepEqual(found, whole);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("parseProxyHeader accepts only what it would have written itself", () => {
  let headers = 0;
  fc.assert(
    fc.property(almostHeaders, (bytes) => {
      const found = parseProxyHeader(bytes);
      if (found.type !== "header") return;
      headers++;
      assert.ok(found.size <= LONGEST_HEADER && found.size <= bytes.length);
      if (bytes[0] === 0x50) {
        const line = new TextDecoder("latin1").decode(
          bytes.subarray(0, found.size),
        );
        if (found.source === undefined) {
          assert.match(line, /^PROXY UNKNOWN( [^\r\n]*)?\r\n$/);
          return;
        }
        const [proxy, family, source, , port, , ...none] = line.slice(0, -2)
          .split(" ");
        assert.deepEqual([proxy, none], ["PROXY", []]);
        assert.match(family!, /^TCP[46]$/);
        assert.deepEqual(
          parseIpAddress(source!),
          parseIpAddress(found.source.host),
        );
        assert.equal(port, String(found.source.port));
      } else {
        assert.deepEqual(bytes.subarray(0, 12), SIGNATURE);
        assert.equal(found.size, 16 + (bytes[14]! << 8 | bytes[15]!));
      }
    }),
    { numRuns: 5000 },
  );
  assert.ok(headers > 100, `Only ${headers} were headers`);
});

Deno.test("parseProxyHeader needs no more bytes than the longest header to decide", () => {
  fc.assert(
    fc.property(
      almostHeaders,
      fc.uint8Array({ minLength: LONGEST_HEADER, maxLength: LONGEST_HEADER }),
      (bytes, more) => {
        const all = join(bytes, more).subarray(0, LONGEST_HEADER);
        assert.notEqual(parseProxyHeader(all).type, "unfinished");
      },
    ),
  );
});
