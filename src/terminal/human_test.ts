import assert from "node:assert/strict";
import { formatBytes, formatDuration, formatTime } from "./human.ts";

Deno.test("formatBytes leaves few digits", () => {
  const cases: [number, string][] = [
    [0, "0 bytes"],
    [1023, "1023 bytes"],
    [1024, "1.0 KiB"],
    [1024 * 1024 - 1, "1.0 MiB"],
    [12.34 * 1024 ** 3, "12.3 GiB"],
    [5000 * 1024 ** 4, "5000.0 TiB"],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

Deno.test("formatTime writes UTC to the second", () => {
  assert.equal(formatTime(1.7e12), "2023-11-14 22:13:20 UTC");
});

Deno.test("formatDuration shows the two largest units", () => {
  const second = 1000;
  const hour = 3600 * second;
  assert.equal(formatDuration(0), "0 s");
  assert.equal(formatDuration(59_999), "59 s");
  assert.equal(formatDuration(61 * second), "1 min 1 s");
  assert.equal(formatDuration(76 * hour + 59 * second), "3 d 4 h");
});
