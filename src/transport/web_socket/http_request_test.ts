import assert from "node:assert/strict";
import fc from "fast-check";
import { join, utf8 } from "../../../tests/support/bytes.ts";
import { request } from "../../../tests/support/clients/web_socket_client.ts";
import { LONGEST_HEAD, parseHttpRequest } from "./http_request.ts";
import { judgeRequest } from "./request.ts";

Deno.test("parseHttpRequest reads a request and where it ends", () => {
  const head =
    "GET /mqtt?a=b HTTP/1.1\r\nHost: x\r\nX-A:1\r\nx-a: \t2 3 \r\nEmpty:\r\n\r\n";
  assert.deepEqual(parseHttpRequest(utf8(`${head}\0more`)), {
    type: "request",
    size: head.length,
    request: {
      method: "GET",
      url: "/mqtt?a=b",
      headers: Object.assign(Object.create(null), {
        host: "x",
        "x-a": "1, 2 3",
        empty: "",
      }),
    },
  });
});

Deno.test("parseHttpRequest says what is no request", () => {
  const cases: [string, RegExp][] = [
    ["\x10\x0c\0\x04MQTT", /not HTTP/],
    ["\x16\x03\x01", /not HTTP/],
    ["get / HTTP/1.1\r\n\r\n", /not HTTP/],
    ["GET / HTTP/1.0\r\n\r\n", /request line/],
    ["GET /\r\n\r\n", /request line/],
    ["GET / a HTTP/1.1\r\n\r\n", /request line/],
    ["GET /ä HTTP/1.1\r\n\r\n", /request line/],
    ["GET / HTTP/1.1\r\nNo colon\r\n\r\n", /header field/],
    ["GET / HTTP/1.1\r\nSpace : x\r\n\r\n", /header field/],
    ["GET / HTTP/1.1\r\nA: x\r\n folded\r\n\r\n", /header field/],
    ["GET / HTTP/1.1\r\nA: x\ny\r\n\r\n", /header field/],
    ["GET / HTTP/1.1\r\nA: x\0\r\n\r\n", /header field/],
    ["GET / HTTP/1.1\r\nOrigin: a\r\norigin: b\r\n\r\n", /two .* origin/],
    [
      `GET / HTTP/1.1\r\nA: ${"x".repeat(LONGEST_HEAD)}\r\n\r\n`,
      /more than 16384/,
    ],
    [`GET / HTTP/1.1\r\nA: ${"x".repeat(LONGEST_HEAD)}`, /more than 16384/],
  ];
  for (const [text, reason] of cases) {
    const found = parseHttpRequest(utf8(text));
    assert.equal(found.type, "faulty", text.slice(0, 100));
    assert.match((found as { reason: string }).reason, reason);
  }
});

Deno.test("parseHttpRequest is not held up by a long row of spaces in a faulty field", () => {
  // Once took time with the third power of their number: half a minute for these, an hour for a whole head.
  const head = `GET / HTTP/1.1\r\na:${" ".repeat(3500)}\x01\r\n\r\n`;
  const begin = performance.now();
  assert.equal(parseHttpRequest(utf8(head)).type, "faulty");
  assert.ok(performance.now() - begin < 2000);
});

Deno.test("parseHttpRequest never throws, and finds the same in bytes that come in pieces", () => {
  const good = utf8(request());
  const bytes = fc.tuple(
    fc.nat(good.length),
    fc.nat(3),
    fc.uint8Array({ maxLength: 9 }),
  )
    .map(([at, removed, added]) =>
      join(good.subarray(0, at), added, good.subarray(at + removed))
    );
  let requests = 0;
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(400), { maxLength: 6 }), (all, cuts) => {
      const whole = parseHttpRequest(all);
      const ends = [...cuts.map((cut) => cut % (all.length + 1)), all.length];
      let from = 0;
      let found = parseHttpRequest(all.subarray(0, 0));
      for (const end of ends.sort((one, other) => one - other)) {
        found = parseHttpRequest(all.subarray(0, end), from);
        from = end;
        if (found.type !== "unfinished") break;
      }
      assert.equal(found.type, whole.type);
      if (whole.type !== "request") return;
      requests++;
      assert.deepEqual(found, whole);
      judgeRequest(whole.request, { path: "/mqtt", origins: ["http://a"] });
    }),
    { numRuns: 2000 },
  );
  assert.ok(requests > 100, `Only ${requests} were requests`);
});

Deno.test("judgeRequest lets in who asks for MQTT at the path from where it may", () => {
  const settings = { path: "/mqtt", origins: "all" } as const;
  const only = { path: "/mqtt", origins: ["https://a.example"] };
  const cases: [string, typeof settings | typeof only, string][] = [
    [request(), settings, "mqtt"],
    [request("/mqtt?token=1"), settings, "mqtt"],
    [
      request("/mqtt", { "Sec-WebSocket-Protocol": "mqttv3.1" }),
      settings,
      "mqttv3.1",
    ],
    [
      request("/mqtt", { "Sec-WebSocket-Protocol": "a, mqtt,mqttv3.1" }),
      settings,
      "mqtt",
    ],
    [request("/mqtt", { "Sec-WebSocket-Protocol": "MQTT" }), settings, "400"],
    [request("/mqtt", { "Sec-WebSocket-Protocol": "amqp" }), settings, "400"],
    [
      request("/mqtt", { "Sec-WebSocket-Protocol": undefined }),
      settings,
      "400",
    ],
    [request("/mqtt", { "Content-Length": "5" }), settings, "400"],
    [request("/mqtt", { "Transfer-Encoding": "chunked" }), settings, "400"],
    [request("/mqtt", { Connection: "keep-alive, Upgrade" }), settings, "mqtt"],
    [request("/mqtt", { Connection: "close" }), settings, "426"],
    [request("/mqtt", { Upgrade: "h2c" }), settings, "426"],
    [request("/mqtt", { Upgrade: undefined }), settings, "426"],
    [request("/"), settings, "404"],
    [request("/mqtt/"), settings, "404"],
    [request("/MQTT"), settings, "404"],
    [request("/mqtt", { Origin: "https://b.example" }), settings, "mqtt"],
    [request("/mqtt", { Origin: "https://A.example" }), only, "mqtt"],
    [request("/mqtt"), only, "mqtt"],
    [request("/mqtt", { Origin: "https://b.example" }), only, "403"],
    [request("/mqtt", { Origin: "http://a.example" }), only, "403"],
    [request("/mqtt", { Origin: "https://a.example.b.example" }), only, "403"],
    [request("/mqtt", { Origin: "null" }), only, "403"],
  ];
  for (const [text, given, expected] of cases) {
    const head = parseHttpRequest(utf8(text));
    assert.ok(head.type === "request", text);
    const verdict = judgeRequest(head.request, given);
    assert.equal(
      verdict.type === "upgrade" ? verdict.subprotocol : String(verdict.status),
      expected,
      text,
    );
  }
});
