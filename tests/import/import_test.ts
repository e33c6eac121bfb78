import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "smol-toml";
import { importTable } from "../../src/cli/import.ts";
import { draftText, type ImportDraft } from "../../src/cli/import_draft.ts";
import { readListener } from "../../src/cli/listener_url.ts";
import { importMosquitto } from "../../src/cli/mosquitto_import.ts";
import { parseQuantity } from "../../src/cli/quantity.ts";
import { LIMIT_INFO } from "../../src/core/limits.ts";
import { inMemory, readCases } from "./cases.ts";

const MAIN = "/etc/mosquitto/mosquitto.conf";

const read = (name: string) =>
  Deno.readTextFile(new URL(name, import.meta.url));

/** Keys of a listener that its transport does not know. */
const OTHER_KEYS = [
  "url",
  "allow_anonymous",
  "users",
  "identity",
  "max_connections",
];

/** Fails for a configuration that cannot be used. */
function checkConfiguration(draft: ImportDraft): void {
  const { listener = [], limits = {}, log: _log, ...top } = parse(
    draftText(draft),
  ) as Record<string, Record<string, unknown>[]>;
  const keys = ["allow_anonymous", "users", "rules", "data"];
  for (const name of Object.keys(top)) assert.ok(keys.includes(name), name);
  for (const { url, ...others } of listener) {
    const settings = Object.entries(others).filter(([name]) =>
      !OTHER_KEYS.includes(name)
    );
    readListener(String(url), new Map(settings as [string, string][]));
  }
  for (const [name, value] of Object.entries(limits)) {
    const limit = Object.values(LIMIT_INFO).find(({ flag }) =>
      flag.replaceAll("-", "_") === name
    );
    assert.ok(limit !== undefined, name);
    const number = parseQuantity(String(value), limit.unit) ?? Number(value);
    assert.ok(number >= limit.minimum && number <= limit.maximum, name);
  }
}

for (
  const { title, files, table, toml } of readCases(await read("cases.txt"))
) {
  Deno.test(`import: ${title}`, async () => {
    const draft = await importMosquitto(MAIN, inMemory(files));
    assert.equal(importTable(draft), table);
    assert.equal(draftText(draft), toml);
    assert.doesNotMatch(table + toml, /secret-\d|0123456789abcdef/);
    checkConfiguration(draft);
  });
}

const OPTIONS = (await read("options.txt")).trim().split("\n").slice(1);

/** Those that say something of a bridge alone, whose lines are told as one. */
const isOfBridge = (name: string) => /^(bridge_|local_|remote_)/.test(name);

Deno.test("import knows every option of mosquitto 2.0 and 2.1", async () => {
  assert.ok(OPTIONS.length > 130);
  for (const name of OPTIONS) {
    const before = name === "include_dir"
      ? ""
      : "listener 1883\nconnection c\n";
    const files = new Map([
      [MAIN, `${before}${name} conf.d\n`],
      ["/etc/mosquitto/conf.d/a.conf", ""],
    ]);
    const { rows } = await importMosquitto(MAIN, inMemory(files));
    assert.ok(
      rows.every(({ text }) => !text.startsWith("mosquitto has no such")),
      name,
    );
    const isTold = rows.some(({ option, text }) =>
      option.startsWith(name) || text.includes(name)
    );
    const isMentioned = rows.some(({ option }) => option === "connection c");
    assert.ok(isTold || isMentioned, name);
    if (isOfBridge(name)) assert.equal(rows.length, 2, name);
  }
});

const value = fc.constantFrom(
  "true",
  "false",
  "0",
  "1",
  "-1",
  "1883",
  "99999999999999999999",
  "websockets",
  "/a/file",
  "a b # c",
  "::1",
  'é"\\\t\x07\x7f.',
  "https://example.org",
);
const line = fc.oneof(
  fc.tuple(fc.constantFrom("listener", ...OPTIONS), value)
    .filter(([name]) => name !== "include_dir")
    .map((words) => words.join(" ")),
  fc.tuple(
    fc.constantFrom("1883", "0", "8883"),
    fc.constantFrom("", "/x", "::1"),
  )
    .map(([port, host]) => `listener ${port} ${host}`),
  fc.string({ unit: "binary", maxLength: 20 }),
);

Deno.test("import makes a configuration that can be used of any lines, and leaves no door open that was not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 30 }), async (lines) => {
      const files = new Map([[
        MAIN,
        lines.join("\n").replaceAll(/include_dir/g, ""),
      ]]);
      const draft = await importMosquitto(MAIN, inMemory(files));
      importTable(draft);
      checkConfiguration(draft);
      const doors = lines.join("\n").split(/^ *listener /m).slice(1);
      const open = doors.filter((door) =>
        !/^ *(mount_point|psk_hint) +[^ ]/m.test(door)
      );
      assert.ok(draft.listeners.length <= open.length + 1);
    }),
    { numRuns: 500 },
  );
});
