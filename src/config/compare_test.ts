import assert from "node:assert/strict";
import { DEFAULT_LIMITS } from "../core/limits.ts";
import { compareSettings } from "./compare.ts";
import type { Settings } from "./settings/settings.ts";
import { ALL_SETTINGS } from "./settings/table.ts";
import { parseStart } from "./options.ts";

async function settingsOf(...args: string[]): Promise<Settings> {
  const all = ["--config", "none", ...args];
  return (await parseStart(all, DEFAULT_LIMITS, {})).settings;
}

Deno.test("compareSettings finds nothing in the same settings", async () => {
  const args = ["--durability", "a/#=off", "--user", "u?max_connections=1"];
  assert.deepEqual(
    compareSettings(await settingsOf(...args), await settingsOf(...args)),
    { opened: [], closed: [], changed: [], now: [], atRestart: [] },
  );
});

Deno.test("compareSettings knows listeners again by their addresses", async () => {
  const before = await settingsOf(
    "--listen=mqtt://127.0.0.1:1",
    "--listen=mqtt://127.0.0.1:2",
    "--listen=mqtt://127.0.0.1:3",
    "--listen=mqtt://127.0.0.1:0",
  );
  const after = await settingsOf(
    "--listen=mqtt://127.0.0.1:0",
    "--listen=mqtt://127.0.0.1:0",
    "--listen=mqtt://127.0.0.1:3?max_connections=5",
    "--listen=ws://127.0.0.1:2",
    "--listen=mqtt://127.0.0.1:1",
  );
  const { opened, closed, changed } = compareSettings(before, after);
  assert.deepEqual(opened.map(({ url }) => url), [
    "mqtt://127.0.0.1:0",
    "ws://127.0.0.1:2",
  ]);
  assert.deepEqual(closed, [before.listeners[1]]);
  assert.deepEqual(changed, [
    { before: before.listeners[2], after: after.listeners[2] },
  ]);
});

Deno.test("compareSettings says of every setting when it takes effect", async () => {
  const before = await settingsOf();
  const others: Readonly<Record<string, string>> = {
    "memory-ceiling": "1GiB",
    "when-queue-full": "refuse",
    "when-all-queues-full": "drop-newest",
    "when-store-unusable": "memory",
    durability: "off",
    "log-format": "json",
    metrics: "127.0.0.1:1",
    otlp: "http://a",
    "otlp-traces": "1%",
  };
  for (const { name, flag, placeholder, takesEffect } of ALL_SETTINGS) {
    const value = others[flag] ?? {
      SIZE: "20KiB",
      TIME: "7s",
      NUMBER: "7",
      PERCENT: "11%",
      FILE: "/x",
      FOLDER: "/x",
      LEVEL: "error",
    }[placeholder ?? ""];
    const after = await settingsOf(
      ...placeholder === undefined ? [`--${flag}`] : [`--${flag}`, value!],
    );
    const { changed, now, atRestart } = compareSettings(before, after);
    const sentences = [...now, ...atRestart];
    if (name === "users" || name === "allow_anonymous") {
      // On loopback anybody may come in as it is.
      assert.equal(changed.length, name === "users" ? 1 : 0);
      assert.deepEqual(sentences, []);
      continue;
    }
    assert.equal(sentences[0]!.split(" ")[0], name);
    assert.equal(
      takesEffect === "now" ? now.length : atRestart.length,
      1,
      name,
    );
  }
  const limited = await settingsOf("--user=u?max_inflight=1");
  assert.deepEqual(compareSettings(before, limited).now, [
    "The limits of user u have changed",
  ]);
  assert.equal(compareSettings(limited, before).now.length, 1);
});
