import assert from "node:assert/strict";
import { LIMIT_INFO, LIMIT_KEYS, type LimitUnit } from "../../core/limits.ts";
import { formatQuantity, guessQuantity, parseQuantity } from "./quantity.ts";

Deno.test("parseQuantity reads sizes, times and numbers", () => {
  const cases: [string, LimitUnit, number][] = [
    ["0", "count", 0],
    ["1000", "count", 1000],
    ["80%", "percent", 80],
    ["80", "percent", 80],
    ["65535", "bytes", 65_535],
    ["64KiB", "bytes", 65_536],
    ["16MiB", "bytes", 16_777_216],
    ["2GiB", "bytes", 2_147_483_648],
    ["500ms", "milliseconds", 500],
    ["10s", "milliseconds", 10_000],
    ["2m", "milliseconds", 120_000],
    ["1h", "milliseconds", 3_600_000],
    ["90s", "seconds", 90],
    ["7d", "seconds", 604_800],
  ];
  for (const [text, unit, expected] of cases) {
    assert.equal(parseQuantity(text, unit), expected, text);
  }
});

Deno.test("parseQuantity refuses what is not written its way", () => {
  const cases: [string, LimitUnit][] = [
    ["", "count"],
    ["-1", "count"],
    ["1.5", "count"],
    ["1e3", "count"],
    ["0x10", "count"],
    ["1KiB", "count"],
    [" 1", "count"],
    ["NaN", "count"],
    ["9".repeat(16), "count"],
    ["64KB", "bytes"],
    ["64kib", "bytes"],
    ["64 KiB", "bytes"],
    ["10", "milliseconds"],
    ["10d", "milliseconds"],
    ["500ms", "seconds"],
    ["60", "seconds"],
    ["80 %", "percent"],
  ];
  for (const [text, unit] of cases) {
    assert.equal(parseQuantity(text, unit), undefined, text);
  }
});

Deno.test("formatQuantity writes what parseQuantity reads", () => {
  for (const key of LIMIT_KEYS) {
    const { unit, minimum, maximum } = LIMIT_INFO[key];
    for (
      const value of [minimum, maximum, minimum + 1, 0, 1, 1024, 60_000, 86_400]
    ) {
      assert.equal(
        parseQuantity(formatQuantity(value, unit), unit),
        value,
        `${value} ${unit}`,
      );
    }
  }
});

Deno.test("formatQuantity takes the largest suffix that leaves the number whole", () => {
  assert.equal(formatQuantity(16_777_216, "bytes"), "16MiB");
  assert.equal(formatQuantity(65_535, "bytes"), "65535");
  assert.equal(formatQuantity(60_000, "milliseconds"), "1m");
  assert.equal(formatQuantity(1_500, "milliseconds"), "1500ms");
  assert.equal(formatQuantity(0, "seconds"), "0s");
});

Deno.test("guessQuantity knows what was meant", () => {
  const cases: [string, LimitUnit, string | undefined][] = [
    ["16 mb", "bytes", "16MiB"],
    ["16M", "bytes", "16MiB"],
    ["1 gib", "bytes", "1GiB"],
    ["5 bytes", "bytes", "5"],
    ["10", "milliseconds", "10s"],
    ["10", "seconds", "10s"],
    ["5 minutes", "seconds", "5m"],
    ["1 hr", "milliseconds", "1h"],
    ["500 MS", "milliseconds", "500ms"],
    ["80 percent", "percent", "80%"],
    [" 7 ", "count", "7"],
    ["7 MB", "count", undefined],
    ["5 weeks", "seconds", undefined],
    ["1.5MiB", "bytes", undefined],
    ["many", "count", undefined],
  ];
  for (const [text, unit, expected] of cases) {
    assert.equal(guessQuantity(text, unit), expected, text);
    if (expected !== undefined) {
      assert.notEqual(parseQuantity(expected, unit), undefined);
    }
  }
});
