import assert from "node:assert/strict";
import { type Command, commandHelp } from "../terminal/command.ts";
import type { FlagInfo } from "../terminal/flags.ts";
import { START_FLAGS } from "./flags.ts";

function command(
  usage: string,
  about: string,
  flags: readonly FlagInfo[],
): Command {
  return { summary: "", usage, about, flags, run: () => Promise.resolve(0) };
}

Deno.test("commandHelp shows every flag, its default, and fits a terminal", () => {
  const text = commandHelp(
    command("[start] [FLAGS]", "Runs the broker.", START_FLAGS),
  );
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
  const text = commandHelp(command("pub [FLAGS]", "Sends a message.", [
    { name: "loud", help: "be loud", group: "Noise" },
    { name: "to", value: "TOPIC", help: "where to" },
  ]));
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
