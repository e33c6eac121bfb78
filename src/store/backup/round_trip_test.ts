import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describeContents } from "../../../tests/support/stores/describe_contents.ts";
import { LONG } from "../../../tests/support/sizes.ts";
import {
  Scribe,
  STEPS,
  testMessage,
} from "../../../tests/support/stores/store_writes.ts";
import {
  openStore,
  SqlitePlace,
} from "../../../tests/support/stores/stores.ts";
import { SteadyClock } from "../../core/clock.ts";
import { exportStore } from "./export.ts";
import { importStore } from "./import.ts";
import { SqliteStore } from "../sqlite/sqlite_store.ts";

const RULES = { isTopicName: () => true, isTopicFilter: () => true };
const SESSION = { clientId: "c", expiryInterval: Infinity, endedAt: undefined };

/** The lines of an export without its time. */
function exported(folder: string): string[] {
  let text = "";
  const writeSync = (bytes: Uint8Array) => {
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  assert.equal(exportStore(folder, { writeSync }, () => {}), 0);
  const lines = text.trimEnd().split("\n");
  lines[0] = lines[0]!.replace(/"time":"[^"]*"/, '"time":""');
  return lines;
}

/** Imports lines into a folder. */
async function imported(
  place: SqlitePlace,
  lines: readonly string[],
  replace = false,
): Promise<string> {
  const path = `${place.folder}.jsonl`;
  await Deno.writeTextFile(path, lines.join("\n") + "\n");
  const folder = `${place.folder}-imported`;
  const rules = RULES;
  await importStore({ path, folder, replace, rules, step: () => {} });
  return folder;
}

Deno.test("exportStore and importStore carry all that a store holds, whatever it is", async () => {
  const property = fc.asyncProperty(STEPS, async (steps) => {
    const place = await SqlitePlace.create();
    try {
      const open = await openStore(place.make());
      const scribe = new Scribe();
      for (const step of steps) {
        const batch = scribe.write(step, open.store);
        if (step[0] === "commit") await open.commit(batch);
      }
      await open.store.close();
      const lines = exported(place.folder);
      const folder = await imported(place, lines);
      assert.deepEqual(exported(folder), lines);
      const clock = new SteadyClock();
      const store = new SqliteStore({ folder, clock });
      const { held } = await openStore(store);
      assert.deepEqual(
        describeContents(held),
        describeContents(scribe.written),
      );
      assert.equal(store.opening!.damagedRows, 0);
      assert.equal(store.opening!.unclean, false);
      await store.close();
    } finally {
      await place.remove();
    }
  });
  await fc.assert(property, { numRuns: LONG ? 500 : 10 });
});

/** A place with one of each, a payload that is no text, and a message that two share. */
async function filled(): Promise<SqlitePlace> {
  const place = await SqlitePlace.create();
  const { store } = await openStore(place.make());
  store.saveSession(SESSION);
  store.saveSession({ clientId: "d", expiryInterval: 60, endedAt: 1.7e12 });
  store.saveSubscription("c", {
    filter: "a/#",
    qos: 2,
    noLocal: true,
    retainAsPublished: false,
    retainHandling: 1,
    identifier: 7,
  });
  store.saveReceived("c", 9);
  const parts = { qos: 2, retain: false, identifiers: [7] } as const;
  const shared = testMessage("shared \uFEFF ☃");
  store.enqueue("c", { ...parts, number: 1, message: shared });
  store.enqueue("d", { ...parts, number: 1, message: shared });
  const other = testMessage("\0");
  store.enqueue("$share/g/a", { ...parts, number: 1, message: other });
  store.assign("$share/g/a", 1, "c", 4);
  store.release("c", 4);
  store.retain("t", testMessage("retained"));
  const message = testMessage("will");
  store.saveWill("w", { message, delayInterval: 5, expiryInterval: -1 });
  await store.close();
  return place;
}

Deno.test("exportStore writes a line for each, text where it is text, and what is shared once", async () => {
  const place = await filled();
  const [header, ...lines] = exported(place.folder).map((line) =>
    JSON.parse(line)
  );
  assert.equal(header.format, "mailboxqtt store");
  assert.equal(header.counts.deliveries, 3);
  const message = { topic: "t", qos: 1, retain: false, publisher: "p" };
  const terms = { qos: 2, retain: false, identifiers: [7] };
  assert.deepEqual(lines, [
    { type: "session", client: "c", expiryInterval: null },
    { type: "session", client: "d", expiryInterval: 60, endedAt: 1.7e12 },
    {
      type: "subscription",
      client: "c",
      filter: "a/#",
      qos: 2,
      noLocal: true,
      retainAsPublished: false,
      retainHandling: 1,
      identifier: 7,
    },
    { type: "received", client: "c", packetId: 9 },
    {
      type: "delivery",
      owner: "c",
      number: 1,
      ...terms,
      message: { id: 1, ...message, payload: "shared \uFEFF ☃" },
    },
    { type: "delivery", owner: "d", number: 1, ...terms, message: 1 },
    {
      type: "delivery",
      owner: "$share/g/a",
      number: 1,
      ...terms,
      message: { ...message, payloadBase64: "AA==" },
    },
    { type: "retained", message: { ...message, payload: "retained" } },
    {
      type: "will",
      client: "w",
      delayInterval: 5,
      expiryInterval: null,
      message: { ...message, payload: "will" },
    },
    {
      type: "assignment",
      owner: "$share/g/a",
      number: 1,
      client: "c",
      packetId: 4,
      released: true,
    },
    { type: "end", lines: 11, damaged: 0 },
  ]);
  await place.remove();
});

Deno.test("importStore names the line that is wrong and what is, and changes nothing", async () => {
  const place = await filled();
  const lines = exported(place.folder);
  const folder = await imported(place, lines);
  const before = exported(folder);
  const at = (type: string) =>
    1 + lines.findIndex((line) => line.includes(`"type":"${type}"`));
  /** Which line is changed, from what to what, and the sentence. */
  const cases: [string, RegExp | string, string, RegExp][] = [
    ["session", /^.*$/, "{", /it is not JSON/],
    ["session", /^.*$/, "[]", /it is not a JSON object/],
    ["session", '"c"', '"$share/g/a"', /"client" must be a client identifier/],
    ["session", "null", "-1", /"expiryInterval" must be a whole number from 0/],
    ["session", "}", ',"x":1}', /there is no field "x"/],
    ["session", /^.*$/, lines[0]!, /second header/],
    ["subscription", '"qos":2', '"qos":3', /"qos" must be .* 0 to 2, not 3/],
    ["subscription", '"c"', '"x"', /no session of client "x" before it/],
    ["subscription", /^.*$/, lines[1]!, /this session is there already/],
    ["received", "9", "0", /"packetId" must be a whole number from 1 to 65535/],
    ["delivery", '"topic":"t",', "", /there is no "topic"/],
    ["delivery", '"id":1', '"id":2', /has the "id" 1, not 2/],
    ["delivery", /"message".*$/, '"message":5}', /no message with the "id" 5/],
    ["assignment", '"number":1', '"number":9', /no delivery of this owner/],
    ["retained", '"payload":"', '"payloadBase64":".', /is not base64/],
    ["retained", '"payload"', '"properties":"AA==","payload"', /no block of/],
    ["will", '"payload":"will"', '"payload":5', /"payload" must be a text/],
    ["end", '"lines":11', '"lines":10', /should be 10 lines .* there are 11/],
    ["header", '"version":2', '"version":3', /a newer version/],
    ["header", "mailboxqtt store", "x", /no export of a store/],
  ];
  for (const [type, from, to, sentence] of cases) {
    const line = at(type);
    const wrong = lines.with(line - 1, lines[line - 1]!.replace(from, to));
    assert.notDeepEqual(wrong, lines, `${type} ${from}`);
    await assert.rejects(imported(place, wrong, true), ({ message }: Error) => {
      assert.match(
        message,
        new RegExp(
          `^Cannot import .*\\.jsonl: line ${line}: .*${sentence.source}`,
        ),
      );
      assert.match(message, /the store is as it was$/);
      return true;
    }, `${type} ${to}`);
  }
  await assert.rejects(
    imported(place, lines.slice(0, -1), true),
    /line 12: the last line is missing/,
  );
  await assert.rejects(
    imported(place, [...lines, lines[1]!], true),
    /line 13: it stands behind the last line/,
  );
  await assert.rejects(imported(place, lines), /--replace/);
  assert.deepEqual(exported(folder), before);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => /import|damaged/.test(name)),
    [],
  );
  await place.remove();
});

Deno.test("importStore replaces a store with its log, a damaged one too", async () => {
  const place = await filled();
  const lines = exported(place.folder);
  const { store, commit } = await openStore(place.make());
  await commit(store.retain("late", testMessage("in the log")));
  await place.crash(store);
  const { folder } = place;
  const path = `${folder}.jsonl`;
  await Deno.writeTextFile(path, lines.join("\n") + "\n");
  assert.equal(exported(folder).length, lines.length + 1);
  const options = { path, folder, replace: true, rules: RULES };
  assert.equal(await importStore({ ...options, step: () => {} }), lines.length);
  assert.deepEqual(exported(folder), lines);
  // A log of which the database is lost must not get into the new one.
  await Deno.writeTextFile(place.file, "not a database".repeat(1000));
  await Deno.writeTextFile(`${place.file}-wal`, "no log");
  await importStore({ ...options, step: () => {} });
  assert.deepEqual(exported(folder), lines);
  const kept = [...Deno.readDirSync(folder)].filter(({ name }) =>
    name.includes("damaged-")
  );
  assert.equal(kept.length, 2);
  await place.remove();
});

Deno.test("exportStore writes what it held when it began, while others write", async () => {
  const place = await filled();
  const lines = exported(place.folder);
  const { store, commit } = await openStore(place.make());
  let pieces = 0;
  let text = "";
  for (let n = 0; n < 100; n++) {
    store.retain(`topic ${n}`, testMessage("x".repeat(10_000)));
  }
  await commit(store.retain("t", testMessage("new")));
  const other = new DatabaseSync(place.file);
  exportStore(place.folder, {
    writeSync: (bytes) => {
      if (pieces++ === 0) other.exec("DELETE FROM retained");
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  }, () => {});
  other.close();
  assert.ok(pieces > 1);
  const retained = text.match(/"type":"retained"/g)!;
  assert.equal(retained.length, 101);
  await store.close();
  assert.equal(exported(place.folder).length, lines.length - 1);
  await place.remove();
});
