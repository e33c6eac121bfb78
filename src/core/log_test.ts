import assert from "node:assert/strict";
import { createLog, LOG_LEVELS, type LogFormat, type LogLevel } from "./log.ts";

function capture(level: LogLevel, format: LogFormat = "text") {
  const lines: string[] = [];
  return {
    lines,
    log: createLog({ level, format, write: (line) => lines.push(line) }),
  };
}

Deno.test("createLog writes its level and above", () => {
  for (const [lowest, level] of LOG_LEVELS.entries()) {
    const { lines, log } = capture(level);
    for (const one of LOG_LEVELS) log[one]("Something happened");
    assert.equal(lines.length, LOG_LEVELS.length - lowest);
    for (const [index, one] of LOG_LEVELS.entries()) {
      assert.equal(log.enabled(one), index >= lowest);
    }
  }
});

Deno.test("createLog's level may be changed", () => {
  const { lines, log } = capture("warn");
  log.level = "debug";
  assert.equal(log.level, "debug");
  assert.ok(log.enabled("debug"));
  log.debug("Written");
  log.level = "error";
  log.warn("Not written");
  assert.equal(lines.length, 1);
});

Deno.test("createLog builds lazy fields only for lines that are written", () => {
  const { lines, log } = capture("info");
  let built = 0;
  const fields = () => ({ built: ++built });
  log.debug("Not written", fields);
  assert.equal(built, 0);
  log.info("Written", fields);
  assert.match(lines[0]!, / INFO {2}Written built=1$/);
});

Deno.test("createLog writes one JSON object a line", () => {
  const { lines, log } = capture("info", "json");
  const before = Date.now();
  log.warn("Client connected", {
    client: "a\nb",
    keepAlive: 60,
    clean: true,
    user: undefined,
  });
  const { time, ...rest } = JSON.parse(lines[0]!);
  assert.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now());
  assert.deepEqual(rest, {
    level: "warn",
    message: "Client connected",
    client: "a\nb",
    keepAlive: 60,
    clean: true,
  });
  assert.doesNotMatch(lines[0]!, /\n/);
});
