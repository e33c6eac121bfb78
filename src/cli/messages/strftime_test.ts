import assert from "node:assert/strict";
import { strftime } from "./strftime.ts";

/** All letters but those for the time zone's name and for locales. */
const LETTERS = "aAbBcCdDeFgGhHIjklmMpPrRsSTuUVwWyYz";

Deno.test("strftime tells the time as the system's does", async () => {
  const format = [...LETTERS].map((letter) => `%${letter}`).join("|");
  const times = [
    [2024, 0, 1, 0, 0, 0],
    [2024, 11, 30, 13, 5, 9],
    [2026, 10, 1, 12, 59, 59],
    [2027, 0, 3, 23, 0, 1],
    [2020, 1, 29, 11, 7, 8],
  ] as const;
  for (const [year, month, ...rest] of times) {
    const time = new Date(year, month, ...rest);
    const { stdout } = await new Deno.Command("date", {
      args: ["-d", `@${time.getTime() / 1000}`, `+${format}`],
      env: { LC_ALL: "C" },
    }).output();
    assert.equal(
      [...LETTERS].map((letter) => strftime(letter, time)).join("|"),
      new TextDecoder().decode(stdout).trimEnd(),
    );
  }
});

Deno.test("strftime knows no other letters", () => {
  assert.equal(strftime("k", new Date(2026, 0, 1, 3)), " 3");
  assert.equal(strftime("!", new Date()), undefined);
  assert.ok(strftime("Z", new Date())!.length > 0);
});
