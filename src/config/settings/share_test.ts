import assert from "node:assert/strict";
import { SettingError } from "./setting.ts";
import { parseShare } from "./share.ts";

Deno.test("parseShare() reads percentages", () => {
  const cases: [string, number][] = [
    ["0%", 0],
    ["1%", 0.01],
    ["0.5%", 0.005],
    ["99.9%", 0.999],
    ["100%", 1],
  ];
  for (const [text, share] of cases) {
    assert.ok(Math.abs(parseShare(text) - share) < 1e-12, text);
  }
});

Deno.test("parseShare() refuses everything else, and guesses what was meant", () => {
  const cases: [string, string | undefined][] = [
    ["", undefined],
    ["1", "1%"],
    ["0.25", "25%"],
    ["101%", undefined],
    ["-1%", undefined],
    ["1 %", undefined],
    ["all", undefined],
    ["1e1%", undefined],
  ];
  for (const [text, guess] of cases) {
    assert.throws(() => parseShare(text), (error) => {
      assert.ok(error instanceof SettingError);
      assert.equal(error.guess, guess, text);
      return true;
    });
  }
});
