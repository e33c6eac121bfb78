import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "smol-toml";
import { checkShape, type Table } from "../../src/config/file/schema.ts";
import { importTable } from "../../src/cli/setup/import.ts";
import { draftText, type ImportDraft } from "../../src/mosquitto/draft.ts";
import { LISTENER_SETTINGS } from "../../src/config/listeners/table.ts";
import { readListener } from "../../src/config/listeners/url.ts";
import { importMosquitto } from "../../src/mosquitto/import.ts";
import { BRIDGE_OPTIONS } from "../../src/mosquitto/notes.ts";
import { LONG } from "../support/sizes.ts";
import { inMemory, readCases } from "./cases.ts";

const MAIN = "/etc/mosquitto/mosquitto.conf";

const read = (name: string) =>
  Deno.readTextFile(new URL(name, import.meta.url));

/** Fails for a configuration that cannot be used. */
function checkConfiguration(draft: ImportDraft): void {
  const root = parse(draftText(draft)) as Table;
  assert.deepEqual(checkShape(root), []);
  const tables = (root.listener ?? []) as Record<string, string>[];
  for (const { url, ...others } of tables) {
    const known = LISTENER_SETTINGS.map(({ name }) => name);
    const settings = Object.entries(others).filter(([name]) =>
      known.includes(name)
    );
    readListener(url!, new Map(settings));
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
    // A bridge is told of as one.
    assert.equal(isTold, !BRIDGE_OPTIONS.includes(name), name);
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
    { numRuns: LONG ? 20_000 : 500 },
  );
});
