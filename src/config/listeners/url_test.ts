import assert from "node:assert/strict";
import { LISTENER_SETTINGS, ListenerError } from "./table.ts";
import type { PortAddress } from "../../transport/listener_settings.ts";
import { formatListener, readListener } from "./url.ts";

Deno.test("readListener reads each kind of listener with its settings", () => {
  assert.deepEqual(
    readListener(
      "mqtts://[::]?certificate=/e/s.crt&key=/e/s%20key&minimum_version=1.3" +
        "&client_certificates=require&client_authority=/e/ca.crt&revocation_list=/e/ca.crl",
    ),
    {
      address: { protocol: "mqtts", hostname: "::", port: 8883 },
      tls: {
        certificate: "/e/s.crt",
        key: "/e/s key",
        minimumVersion: "TLSv1.3",
        clientCertificates: "require",
        clientAuthority: "/e/ca.crt",
        revocationList: "/e/ca.crl",
      },
    },
  );
  assert.deepEqual(
    readListener("ws://host?origins=HTTPS://A.example:443,http://b:8080"),
    {
      address: { protocol: "ws", hostname: "host", port: 8083 },
      webSocket: { origins: ["https://a.example", "http://b:8080"] },
    },
  );
  assert.deepEqual(
    readListener("wss://HOST:1/a/b?certificate=/c&key=/k").address,
    { protocol: "wss", hostname: "host", port: 1, path: "/a/b" },
  );
  assert.equal(
    readListener("ws://host?origins=http://a,*").webSocket?.origins,
    "all",
  );
  const path = (url: string) => (readListener(url).address as PortAddress).path;
  assert.deepEqual(["ws://host", "ws://host/"].map(path), [undefined, "/"]);
  assert.deepEqual(readListener("unix:///run/a%20b.sock?mode=660"), {
    address: { protocol: "unix", path: "/run/a b.sock", mode: 0o660 },
  });
  assert.deepEqual(
    readListener("mqtt://host?proxies_from=192.0.2.7,2001:db8::/32")
      .proxiesFrom,
    ["192.0.2.7", "2001:db8::/32"],
  );
});

Deno.test("readListener reads settings that stand beside the URL, as in a file", () => {
  assert.deepEqual(
    readListener(
      "wss://host?certificate=/c",
      new Map<string, string | string[]>([["key", "/k"], ["origins", [
        "http://a",
      ]]]),
    ),
    readListener("wss://host?certificate=/c&key=/k&origins=http://a"),
  );
  assert.throws(
    () => readListener("mqtt://host", new Map([["proxies_from", "10.0.0.1"]])),
    /proxies_from takes a list/,
  );
  assert.throws(
    () => readListener("ws://host", new Map([["origins", []]])),
    /origins needs a value/,
  );
  assert.throws(
    () => readListener("unix:///a", new Map([["mode", ["600"]]])),
    /mode takes one value/,
  );
});

Deno.test("readListener says what is wrong, and with which setting", () => {
  const tls = "certificate=/c&key=/k";
  const cases: [string, string, RegExp][] = [
    ["mqtt://host?certificate=/c", "certificate", /for mqtts:\/\/ and wss:/],
    ["mqtt://host?origins=http://a", "origins", /for ws:\/\/ and wss:\/\/ al/],
    ["mqtt://host?mode=600", "mode", /for unix:\/\/ alone/],
    ["unix:///a?proxies_from=::1", "proxies_from", /is for mqtt:/],
    ["mqtts://host", "certificate", /add certificate=FILE&key=FILE/],
    ["mqtts://host?certificate=/c", "key", /add key=FILE/],
    ["wss://host?key=/k", "certificate", /add certificate=FILE$/],
    [`mqtts://host?${tls}&certifcate=/c`, "certifcate", /mean certificate\?/],
    [`mqtts://host?${tls}&key=/l`, "key", /key is given twice/],
    ["mqtts://host?certificate=&key=/k", "certificate", /must name a file/],
    [`mqtts://host?${tls}&minimum_version=1.1`, "minimum_version", /1.2 or/],
    [
      `mqtts://host?${tls}&client_certificates=yes`,
      "client_certificates",
      /must be require, request or no/,
    ],
    [
      `mqtts://host?${tls}&client_certificates=require`,
      "client_certificates",
      /needs client_authority=FILE/,
    ],
    [`wss://host?${tls}&client_authority=/a`, "client_authority", /no effect/],
    [
      `wss://host?${tls}&client_certificates=no&revocation_list=/a`,
      "revocation_list",
      /no effect/,
    ],
    ["ws://host?origins=a.example", "origins", /https:.*not "a.example"/],
    ["ws://host?origins=http://a/b", "origins", /without a path/],
    ["ws://host?origins=", "origins", /not ""/],
    ["mqtt://h?proxies_from=10.0.0.1/33", "proxies_from", /not "10.0.0.1\/33"/],
    ["mqtt://h?proxies_from=proxy.lan", "proxies_from", /not "proxy.lan"/],
    ["unix:///a?mode=0888", "mode", /must be octal/],
    ["unix:///a?mode=4755", "mode", /must be octal/],
    ["unix:///a?mode=%zz", "mode", /write %25/],
    ["unix://run/a.sock", "url", /from the root on/],
    ["unix://", "url", /from the root on/],
    ["unix:///run/", "url", /from the root on/],
    ["mqtt://host/mqtt", "url", /write it as/],
    ["ws://host/ä", "url", /other than ASCII/],
  ];
  for (const [text, key, message] of cases) {
    assert.throws(() => readListener(text), (error) => {
      assert.ok(error instanceof ListenerError, String(error));
      assert.equal(error.key, key, text);
      assert.match(error.message, message, text);
      return true;
    });
  }
});

Deno.test("formatListener writes what readListener reads", () => {
  for (
    const text of [
      "mqtt://127.0.0.1:1883",
      "mqtt://[::1]:0",
      "mqtt://host:1?proxies_from=192.0.2.7,2001:db8::/32",
      "ws://host:8083/mqtt",
      "ws://host:8083/mqtt?origins=*",
      "ws://host:8083/a%20b?origins=http://a,https://b:8443",
      "wss://host:1/?certificate=/c&key=/k%2B%26%25%23%20ä&minimum_version=1.3",
      "mqtts://host:1?certificate=/c,c&key=/k&client_certificates=request&client_authority=/a&revocation_list=/r",
      "unix:///run/a%20%3F%25.sock?mode=0660",
    ]
  ) {
    assert.equal(formatListener(readListener(text)), text);
  }
});

Deno.test("LISTENER_SETTINGS show examples that they read", () => {
  for (const { name, example, isList, parse, format } of LISTENER_SETTINGS) {
    const parts = isList ? example.split(",") : [example];
    assert.equal(
      parts.map((one) => format(parse(one))).join(","),
      example,
      name,
    );
  }
});
