import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "smol-toml";
import { LONG } from "../../../tests/support/sizes.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { configReference } from "../file/reference.ts";
import { formatFault } from "../given/fault.ts";
import { Given } from "../given/given.ts";
import { isExposed } from "../listeners/default.ts";
import { formatAddress } from "../../transport/listener_settings.ts";
import { readListener } from "../listeners/url.ts";
import { loadSettings } from "../load.ts";

const RUNS = LONG ? 20_000 : 1_000;
const encoder = new TextEncoder();

/** Configurations to change something in. */
const SEEDS = [
  'listener = [{ url = "mqtt://127.0.0.1" }, { url = "ws://[::1]" }]',
  configReference().replaceAll(/^#(?! )/gm, ""),
  `
listener = [
  { url = "mqtt://127.0.0.1", max_connections = 5 },
  { url = "mqtt://0.0.0.0:1884", users = "u" },
  { url = "unix:///run/x.sock", mode = 0o600 },
]
data = "none"
user."a b".max_inflight = 5
`,
  `
users = 'u'
[[listener]]
url = "mqtts://0.0.0.0?certificate=c&key=k"
client_certificates = "require"
client_authority = "a"
[[listener]]
url = "ws://192.0.2.7"
origins = ["https://example.org"]
[limits]
max_packet_size = "1MiB"
`,
].map((text) => encoder.encode(text));

/** Pieces that mean something. */
const PIECES = [
  ...[
    "[",
    "]",
    "[[listener]]\n",
    "{",
    "}",
    '"',
    "'",
    '"""',
    "=",
    ".",
    ",",
    "#",
  ],
  ...[
    "\n",
    "\r",
    "\0",
    "\uFEFF",
    "true",
    "false",
    "0",
    "-1",
    "url",
    "listener",
  ],
  ...["__proto__", "constructor", '"mqtt://0.0.0.0"', "0.0.0.0", "127.0.0.1"],
  ...[
    "?",
    "&",
    "%",
    "users=",
    "allow_anonymous",
    "nan",
    "1979-05-27",
    "\\u0000",
  ],
].map((text) => encoder.encode(text));

const changed = fc.tuple(
  fc.constantFrom(...SEEDS),
  fc.array(
    fc.tuple(
      fc.nat(),
      fc.nat({ max: 20 }),
      fc.oneof(fc.constantFrom(...PIECES), fc.uint8Array({ maxLength: 4 })),
    ),
    { minLength: 1, maxLength: 5 },
  ),
).map(([seed, changes]) => {
  let bytes = [...seed];
  for (const [where, length, piece] of changes) {
    const at = where % (bytes.length + 1);
    bytes = [...bytes.slice(0, at), ...piece, ...bytes.slice(at + length)];
  }
  return new Uint8Array(bytes);
});

/** Configurations of listeners that are right each, and mostly together. */
const composed = fc.array(
  fc.record({
    scheme: fc.constantFrom("mqtt", "ws"),
    host: fc.constantFrom("127.0.0.1", "0.0.0.0", "[::1]", "[::]", "host"),
    port: fc.integer({ min: 1, max: 65_535 }),
    query: fc.constantFrom("", "", "?users=u", "?proxies_from=10.0.0.1"),
    users: fc.constantFrom("", "", 'users = "u"\n'),
  }),
  { minLength: 1, maxLength: 2 },
).map((listeners) =>
  encoder.encode(
    listeners.map(({ scheme, host, port, query, users }) =>
      `[[listener]]\nurl = "${scheme}://${host}:${port}${query}"\n${users}`
    ).join(""),
  )
);

Deno.test("any bytes as a configuration crash nothing, and open no door that was not asked for", async () => {
  const file = await Deno.makeTempFile({ suffix: ".toml" });
  let good = 0;
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          { arbitrary: fc.uint8Array({ maxLength: 200 }), weight: 1 },
          {
            arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 20 })
              .map((parts) => new Uint8Array(parts.flatMap((one) => [...one]))),
            weight: 1,
          },
          { arbitrary: composed, weight: 1 },
          { arbitrary: changed, weight: 4 },
        ),
        async (bytes) => {
          await Deno.writeFile(file, bytes);
          const { settings, faults } = await loadSettings({
            flags: new Given(),
            config: file,
            variables: {},
            limits: DEFAULT_LIMITS,
          });
          if (settings === undefined) {
            assert.ok(faults.length > 0);
            for (const fault of faults) {
              assert.ok(
                formatFault(fault).startsWith(`${file}:`) ||
                  fault.place.type === "default",
              );
            }
            return;
          }
          good++;
          const text = new TextDecoder().decode(bytes);
          const { listener } = parse(text) as {
            listener?: { url: string; allow_anonymous?: boolean }[];
          };
          const asked = listener?.map(({ url }) => url.split("?")[0]!) ??
            ["mqtt://127.0.0.1:1883"];
          assert.deepEqual(
            settings.listeners.map(({ url }) => url),
            asked.map((url) => formatAddress(readBare(url))),
          );
          const isSaid = text.includes("anonymous");
          for (const plan of settings.listeners) {
            const isOpen = plan.allowAnonymous && isExposed(plan.transport);
            assert.ok(!isOpen || isSaid, plan.url);
          }
        },
      ),
      { numRuns: RUNS },
    );
  } finally {
    await Deno.remove(file);
  }
  assert.ok(good > RUNS / 100, `only ${good} were configurations`);
});

/** The address in a URL, whatever else its listener needs. */
function readBare(url: string): ReturnType<typeof readListener>["address"] {
  const isTls = /^(?:mqtts|wss):/i.test(url);
  return readListener(isTls ? `${url}?certificate=c&key=k` : url).address;
}
