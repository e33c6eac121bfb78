import assert from "node:assert/strict";
import { BaseHandler } from "@std/log/base-handler";
import { ConsoleHandler } from "@std/log/console-handler";
import { getLogger } from "@std/log/get-logger";
import {
  getLevelByName,
  getLevelName,
  type LevelName,
  LogLevelNames,
} from "@std/log/levels";
import { Logger, LogRecord } from "@std/log/logger";
import { setup } from "@std/log/setup";

class Recorder extends BaseHandler {
  readonly lines: string[] = [];
  readonly records: LogRecord[] = [];
  readonly calls: string[] = [];

  override handle(record: LogRecord): void {
    this.records.push(record);
    super.handle(record);
  }

  log(line: string): void {
    this.lines.push(line);
  }

  override setup(): void {
    this.calls.push("setup");
  }

  override destroy(): void {
    this.calls.push("destroy");
  }
}

function record(
  msg: string,
  level: LevelName = "INFO",
  args: unknown[] = [],
): LogRecord {
  return new LogRecord({
    msg,
    args,
    level: getLevelByName(level),
    loggerName: "test",
  });
}

Deno.test("levels have a name and a number each", () => {
  assert.deepEqual(LogLevelNames, [
    "NOTSET",
    "DEBUG",
    "INFO",
    "WARN",
    "ERROR",
    "CRITICAL",
  ]);
  assert.deepEqual(LogLevelNames.map(getLevelByName), [0, 10, 20, 30, 40, 50]);
  for (const name of LogLevelNames) {
    assert.equal(getLevelName(getLevelByName(name)), name);
  }
  assert.throws(() => getLevelByName("LOUD" as LevelName), /LOUD/);
  assert.throws(() => getLevelName(7 as 10), /7/);
});

Deno.test("LogRecord keeps its own time and arguments", () => {
  const args: unknown[] = [1];
  const it = record("hello", "WARN", args);
  args.push(2);
  it.args.push(3);
  it.datetime.setTime(0);
  assert.deepEqual(it.args, [1]);
  assert.ok(Math.abs(it.datetime.getTime() - Date.now()) < 60_000);
  assert.deepEqual([it.msg, it.level, it.levelName, it.loggerName], [
    "hello",
    30,
    "WARN",
    "test",
  ]);
});

Deno.test("BaseHandler writes its level and above, through its formatter", () => {
  const plain = new Recorder("INFO");
  plain.handle(record("no", "DEBUG"));
  plain.handle(record("yes"));
  plain.levelName = "ERROR";
  plain.handle(record("no", "WARN"));
  plain.level = 10;
  plain.handle(record("yes", "DEBUG"));
  assert.deepEqual(plain.lines, ["INFO yes", "DEBUG yes"]);
  assert.deepEqual([plain.level, plain.levelName], [10, "DEBUG"]);

  const shouting = new Recorder("INFO", {
    formatter: ({ msg }) => msg.toUpperCase(),
  });
  shouting.handle(record("yes"));
  assert.deepEqual(shouting.lines, ["YES"]);
  shouting[Symbol.dispose]();
  assert.deepEqual(shouting.calls, ["destroy"]);
});

Deno.test("ConsoleHandler formats without colours when asked to", () => {
  const handler = new ConsoleHandler("INFO", { useColors: false });
  assert.equal(handler.format(record("hello", "ERROR")), "ERROR hello");
  assert.match(
    new ConsoleHandler("INFO").format(record("hello", "ERROR")),
    /ERROR hello/,
  );
});

Deno.test("Logger gives its handlers what is at or above its level, and returns the message", () => {
  const handler = new Recorder("DEBUG");
  const logger = new Logger("test", "INFO", { handlers: [handler] });
  assert.equal(logger.debug("quiet"), "quiet");
  assert.equal(logger.info("a", 1, 2), "a");
  assert.equal(logger.warn(5), 5);
  assert.equal(logger.error(null), null);
  assert.deepEqual(logger.critical({ a: 1, b: "x", c: { d: true } }), {
    a: 1,
    b: "x",
    c: { d: true },
  });
  assert.deepEqual(handler.lines, [
    "INFO a",
    "WARN 5",
    "ERROR null",
    'CRITICAL {"a":1,"b":"x","c":{"d":true}}',
  ]);
  assert.deepEqual(handler.records[0]?.args, [1, 2]);
  assert.equal(handler.records[0]?.loggerName, "test");
});

Deno.test("Logger calls a function only if its result is logged", () => {
  const handler = new Recorder("DEBUG");
  const logger = new Logger("test", "INFO", { handlers: [handler] });
  let calls = 0;
  const lazy = () => ++calls;
  assert.equal(logger.debug(lazy), undefined);
  assert.equal(logger.info(lazy), 1);
  assert.equal(calls, 1);
  assert.deepEqual(handler.lines, ["INFO 1"]);
});

Deno.test("Logger shows an error by its stack", () => {
  const handler = new Recorder("DEBUG");
  const error = new Error("Broken");
  new Logger("test", "INFO", { handlers: [handler] }).error(error);
  assert.deepEqual(handler.lines, [`ERROR ${error.stack}`]);
});

Deno.test("Logger can be given another level, but no false one", () => {
  const logger = new Logger("test", "INFO");
  logger.levelName = "ERROR";
  assert.equal(logger.level, 40);
  logger.level = 10;
  assert.equal(logger.levelName, "DEBUG");
  assert.throws(() => logger.level = 7 as 10, TypeError);
  assert.throws(() => logger.levelName = "LOUD" as LevelName);
  assert.equal(logger.loggerName, "test");
});

Deno.test("setup() makes loggers with their handlers and ends those before", () => {
  const first = new Recorder("DEBUG");
  const second = new Recorder("DEBUG");
  setup({
    handlers: { first },
    loggers: {
      default: { level: "WARN", handlers: ["first"] },
      named: { handlers: ["first", "missing"] },
    },
  });
  try {
    assert.equal(getLogger().levelName, "WARN");
    assert.equal(getLogger("named").levelName, "INFO");
    assert.equal(getLogger("named"), getLogger("named"));
    getLogger().info("quiet");
    getLogger("named").info("loud");
    assert.deepEqual(first.lines, ["INFO loud"]);

    getLogger("unknown").error("unheard");
    assert.equal(getLogger("unknown").levelName, "NOTSET");

    setup({
      handlers: { second },
      loggers: { named: { handlers: ["second"] } },
    });
    assert.deepEqual(first.calls, ["setup", "destroy"]);
    getLogger("named").info("again");
    assert.deepEqual(second.lines, ["INFO again"]);
  } finally {
    setup({});
  }
  assert.deepEqual(second.calls, ["setup", "destroy"]);
  assert.equal(getLogger().levelName, "INFO");
});
