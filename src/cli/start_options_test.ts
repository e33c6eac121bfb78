import assert from "node:assert/strict";
import { StartError } from "../core/errors.ts";
import {
  DEFAULT_LIMITS,
  LIMIT_INFO,
  LIMIT_KEYS,
  SESSION_NEVER_EXPIRES,
} from "../core/limits.ts";
import { DurabilityRules } from "../router/durability_rules.ts";
import { formatQuantity } from "./quantity.ts";
import { parseStart, START_FLAGS } from "./start_options.ts";

function messageOf(...args: string[]): string {
  try {
    parseStart(args, DEFAULT_LIMITS);
  } catch (error) {
    assert.ok(error instanceof StartError);
    assert.equal(error.exitStatus, 2);
    assert.doesNotMatch(error.message, /\n|\.$/);
    return error.message;
  }
  throw new assert.AssertionError({
    message: `No error for ${args.join(" ")}`,
  });
}

Deno.test("parseStart without flags listens on loopback with the default limits", () => {
  assert.deepEqual(parseStart([], DEFAULT_LIMITS), {
    listen: [{
      address: { protocol: "mqtt", hostname: "127.0.0.1", port: 1883 },
    }],
    allowAnonymous: false,
    data: undefined,
    requireStore: false,
    store: {
      ballast: 16 * 1024 * 1024,
      durability: new DurabilityRules(),
      longestWait: 1000,
    },
    queuePolicies: { one: "drop-oldest", all: "refuse" },
    limits: DEFAULT_LIMITS,
    logLevel: "info",
    logFormat: "text",
  });
});

Deno.test("parseStart reads every flag", () => {
  const args =
    "--listen mqtt://127.0.0.1:1884 --listen=mqtt://[::]:1885 --allow-anonymous --data /a/b --require-store " +
    "--ballast 0 --durability a/#=off --durability interval --durability=a=b/+=commit " +
    "--durability-interval 250ms --when-queue-full refuse --when-all-queues-full drop-newest --log-level debug --log-format=json --max-inflight 7 --connect-timeout 2m";
  const options = parseStart(args.split(" "), DEFAULT_LIMITS);
  assert.deepEqual(options, {
    listen: [
      { address: { protocol: "mqtt", hostname: "127.0.0.1", port: 1884 } },
      { address: { protocol: "mqtt", hostname: "::", port: 1885 } },
    ],
    allowAnonymous: true,
    data: "/a/b",
    requireStore: true,
    store: {
      ballast: 0,
      durability: new DurabilityRules("interval", [
        { filter: "a=b/+", durability: "commit" },
        { filter: "a/#", durability: "off" },
      ]),
      longestWait: 250,
    },
    queuePolicies: { one: "refuse", all: "drop-newest" },
    limits: { ...DEFAULT_LIMITS, maximumInflight: 7, connectTimeout: 120_000 },
    logLevel: "debug",
    logFormat: "json",
  });
});

Deno.test("parseStart takes each limit from its least to its greatest value, and nothing beyond", () => {
  for (const key of LIMIT_KEYS) {
    const { flag, unit, minimum, maximum } = LIMIT_INFO[key];
    for (const value of [minimum, maximum]) {
      // No ceiling is in the way of what counts towards it, and the least ceiling leaves room for little else.
      const base = { ...DEFAULT_LIMITS, memoryCeiling: 2 ** 50 };
      const retainedBytes = Math.min(base.retainedBytes, value / 2);
      const { limits } = parseStart([
        `--${flag}=${formatQuantity(value, unit)}`,
      ], base);
      assert.deepEqual(limits, {
        ...base,
        ...(key === "memoryCeiling" ? { retainedBytes } : {}),
        [key]: value,
      });
    }
    for (const value of [minimum - 1, maximum + 1]) {
      if (value < 0) continue;
      const text = formatQuantity(value, unit);
      const message = messageOf(`--${flag}`, text);
      assert.ok(
        message.startsWith(`Flag --${flag} cannot be "${text}": `),
        message,
      );
      assert.ok(
        message.includes(`from ${formatQuantity(minimum, unit)} to `),
        message,
      );
    }
  }
});

Deno.test("parseStart leaves half of the memory ceiling to other than retained messages", () => {
  const MiB = 1024 ** 2;
  const retained = (memoryCeiling: number, ...args: string[]) =>
    parseStart(args, { ...DEFAULT_LIMITS, memoryCeiling }).limits.retainedBytes;
  assert.equal(retained(1024 * MiB), 256 * MiB);
  assert.equal(retained(256 * MiB), 128 * MiB);
  assert.equal(retained(1024 * MiB, "--memory-ceiling", "32MiB"), 16 * MiB);
  assert.equal(
    retained(256 * MiB, "--memory-ceiling", "1GiB"),
    256 * MiB,
  );
  assert.equal(
    retained(256 * MiB, "--max-retained-bytes", "200MiB"),
    200 * MiB,
  );
});

Deno.test("parseStart takes a session expiry of never", () => {
  const { limits } = parseStart(["--max-session-expiry", "never"], {
    ...DEFAULT_LIMITS,
    maximumSessionExpiry: 60,
  });
  assert.equal(limits.maximumSessionExpiry, SESSION_NEVER_EXPIRES);
});

Deno.test("parseStart names flag, value and what is allowed", () => {
  const cases: [string, string][] = [
    [
      "--log-level loud",
      'Flag --log-level cannot be "loud": allowed are debug, info, warn and error',
    ],
    [
      "--log-format xml",
      'Flag --log-format cannot be "xml": allowed are text and json',
    ],
    [
      "--connect-timeout 10",
      'Flag --connect-timeout cannot be "10": ' +
      "a time such as 500ms, 10s or 2m from 100ms to 1h is allowed",
    ],
    [
      "--max-inflight 0",
      'Flag --max-inflight cannot be "0": a whole number from 1 to 65535 is allowed',
    ],
    [
      "--max-inflight -5",
      'Flag --max-inflight cannot be "-5": a whole number from 1 to 65535 is allowed',
    ],
    [
      "--connect-timeout -10s --data x",
      'Flag --connect-timeout cannot be "-10s": ' +
      "a time such as 500ms, 10s or 2m from 100ms to 1h is allowed",
    ],
    [
      "--memory-ceiling 32MiB --max-retained-bytes 33MiB",
      'Flag --max-retained-bytes cannot be "33MiB": ' +
      "the memory ceiling, which retained messages count towards, is 32MiB",
    ],
    [
      "--ballast 2GiB",
      'Flag --ballast cannot be "2GiB": ' +
      "a size such as 64KiB, 16MiB or 1048576 from 0 to 1GiB is allowed",
    ],
    [
      "--when-queue-full drop",
      'Flag --when-queue-full cannot be "drop": policies are drop-oldest, drop-newest and refuse',
    ],
    [
      "--durability always",
      'Flag --durability cannot be "always": levels are commit, interval and off',
    ],
    [
      "--durability a#=off",
      'Flag --durability cannot be "a#=off": before = stands a topic filter',
    ],
    [
      "--durability a=off --durability a=commit",
      'Flag --durability cannot be "a=commit": it is given twice',
    ],
    [
      "--durability off --durability commit",
      'Flag --durability cannot be "commit": it is given twice',
    ],
    [
      "--max-inflght 1",
      "Unknown flag --max-inflght: did you mean --max-inflight?",
    ],
    [
      "--require-store --data none",
      "Flag --require-store contradicts --data none: leave one of them out",
    ],
  ];
  for (const [args, message] of cases) {
    assert.equal(messageOf(...args.split(" ")), message);
  }
});

Deno.test("START_FLAGS explain themselves", () => {
  for (const { name, value, example, help } of START_FLAGS) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.equal(value === undefined, example === undefined, name);
    assert.doesNotMatch(help, /\.$/);
    if (example !== undefined) {
      parseStart([`--${name}`, example], DEFAULT_LIMITS);
    }
  }
});
