import assert from "node:assert/strict";
import { commandHelp } from "./help.ts";
import { START_FLAGS } from "./start_flags.ts";

Deno.test("commandHelp shows every flag, its default, and fits a terminal", () => {
  const text = commandHelp("[start] [FLAGS]", "Runs the broker.", START_FLAGS);
  for (const { name, defaultText } of START_FLAGS) {
    assert.ok(text.includes(`  --${name} `), name);
    if (defaultText !== undefined) {
      assert.ok(
        text.replace(/\s+/g, " ").includes(`(default: ${defaultText})`),
        name,
      );
    }
  }
  for (const line of text.split("\n")) assert.ok(line.length <= 100, line);
});

Deno.test("commandHelp puts flags under their headings", () => {
  const text = commandHelp("pub [FLAGS]", "Sends a message.", [
    { name: "loud", help: "be loud", group: "Noise" },
    { name: "to", value: "TOPIC", help: "where to" },
  ]);
  assert.equal(
    text,
    [
      "Usage: mailboxqtt pub [FLAGS]",
      "",
      "Sends a message.",
      "",
      "Noise:",
      "  --loud  be loud",
      "",
      "Flags:",
      "  --to TOPIC  where to",
      "  --help      show this text and end",
      "  --version   show the version and end",
      "",
    ].join("\n"),
  );
});
