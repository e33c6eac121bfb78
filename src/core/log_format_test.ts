import assert from "node:assert/strict";
import {
  formatJournal,
  formatJson,
  formatText,
  localTime,
} from "./log_format.ts";
import type { LogFields } from "./log.ts";

const TIME = new Date(2026, 6, 5, 4, 3, 2, 1);

function text(fields: LogFields): string {
  const line = formatText({ time: TIME, level: "info", message: "M", fields });
  return line.slice(line.indexOf(" M") + 3);
}

Deno.test("localTime is local and names its offset", () => {
  const shown = localTime(TIME);
  assert.match(shown, /^2026-07-05T04:03:02\.001[+-]\d\d:\d\d$/);
  assert.equal(Date.parse(shown), TIME.getTime());
});

Deno.test("formatText shows time, level, message and fields", () => {
  const fields = {
    client: "sensor-1",
    address: "[::1]:1883",
    count: 3,
    clean: false,
    user: undefined,
  };
  assert.equal(
    formatText({
      time: TIME,
      level: "warn",
      message: "Client connected",
      fields,
    }),
    `${
      localTime(TIME)
    } WARN  Client connected client=sensor-1 address=[::1]:1883 count=3 clean=false`,
  );
});

Deno.test("formatText quotes what could be taken for something else", () => {
  assert.equal(text({ client: "" }), 'client=""');
  assert.equal(text({ client: "a b" }), 'client="a b"');
  assert.equal(text({ client: "a=b" }), 'client="a=b"');
  assert.equal(text({ client: 'say "hi"' }), 'client="say \\"hi\\""');
  assert.equal(text({ client: "Zähler" }), 'client="Zähler"');
});

Deno.test("a client id can neither forge a line nor hide in one", () => {
  const evil: string[] = [];
  for (let code = 0; code < 0x20; code++) evil.push(String.fromCharCode(code));
  for (let code = 0x7f; code < 0xa0; code++) {
    evil.push(String.fromCharCode(code));
  }
  evil.push(
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
  );
  for (const character of evil) {
    const client =
      `a${character}2026-01-01T00:00:00.000+00:00 INFO  Client connected`;
    for (const format of [formatText, formatJson]) {
      const line = format({
        time: TIME,
        level: "info",
        message: `M${character}`,
        fields: { client },
      });
      assert.ok(!line.includes(character), JSON.stringify(character));
    }
    const line = formatJson({
      time: TIME,
      level: "info",
      message: "M",
      fields: { client },
    });
    assert.equal(JSON.parse(line).client, client);
  }
});

Deno.test("formatText cuts a long value", () => {
  const shown = text({ client: "x".repeat(65_535) });
  assert.ok(shown.length < 600);
  assert.match(shown, /\(65535 characters\)"$/);
});

Deno.test("formatText indents the stack of an error", () => {
  const error = new Error("Broken\n2026-01-01T00:00:00.000+00:00 INFO  Forged");
  const lines = formatText({
    time: TIME,
    level: "error",
    message: "M",
    fields: { error },
  }).split("\n");
  assert.match(lines[0]!, /error="Broken\\n2026/);
  assert.ok(lines.length > 1);
  for (const line of lines.slice(1)) assert.match(line, /^ {4}at /);
});

Deno.test("formatJson keeps the stack of an error in one field", () => {
  const error = new Error("Broken");
  const line = formatJson({
    time: TIME,
    level: "error",
    message: "M",
    fields: { error, big: 1n },
  });
  const record = JSON.parse(line);
  assert.match(record.error, /^Error: Broken\n\s+at /);
  assert.equal(record.big, "1");
});

Deno.test("formatJournal leaves the time to the journal, and gives each line its priority", () => {
  const error = new Error("It broke");
  error.stack = "Error: It broke\n    at one (a.ts:1:2)\n    at two (b.ts:3:4)";
  const line = {
    time: new Date(0),
    level: "error" as const,
    message: "Fault",
    fields: { client: "a b", error },
  };
  assert.equal(
    formatJournal(line),
    '<3>Fault client="a b" error="It broke"\n<3>    at one (a.ts:1:2)\n<3>    at two (b.ts:3:4)',
  );
  const info = { ...line, level: "info" as const, fields: {} };
  assert.equal(formatJournal(info), "<6>Fault");
});
