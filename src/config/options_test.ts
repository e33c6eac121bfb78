import assert from "node:assert/strict";
import { StartError } from "../core/errors.ts";
import {
  DEFAULT_LIMITS,
  LIMIT_INFO,
  LIMIT_KEYS,
  SESSION_NEVER_EXPIRES,
} from "../core/limits.ts";
import { DurabilityRules } from "../router/topics/durability_rules.ts";
import { formatQuantity } from "./settings/quantity.ts";
import type { ListenerSettings } from "../transport/listener_settings.ts";
import { START_FLAGS } from "./flags.ts";
import type { ListenerPlan, Settings } from "./settings/settings.ts";
import { parseStart } from "./options.ts";

/** The settings that arguments alone make. */
async function settingsOf(
  args: readonly string[],
  base = DEFAULT_LIMITS,
): Promise<Settings> {
  const { settings } = await parseStart(
    ["--config", "none", ...args],
    base,
    {},
  );
  return settings;
}

async function messageOf(...args: string[]): Promise<string> {
  try {
    await settingsOf(args);
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

function plan(
  transport: ListenerSettings,
  url: string,
  allowAnonymous: boolean,
): ListenerPlan {
  return {
    url,
    transport,
    allowAnonymous,
    users: undefined,
    identity: "none",
    withPassword: false,
    limits: {},
  };
}

Deno.test("parseStart takes mosquitto's flags", async () => {
  const { settings } = await parseStart(
    ["-c", "none", "-p", "1884", "-v"],
    DEFAULT_LIMITS,
    {},
  );
  assert.equal(settings.listeners[0]!.url, "mqtt://127.0.0.1:1884");
  assert.equal(settings.logLevel, "debug");
});

Deno.test("parseStart without flags listens on loopback with the default limits", async () => {
  assert.deepEqual(await settingsOf([]), {
    file: undefined,
    listeners: [
      plan(
        { address: { protocol: "mqtt", hostname: "127.0.0.1", port: 1883 } },
        "mqtt://127.0.0.1:1883",
        true,
      ),
    ],
    rules: undefined,
    data: undefined,
    control: undefined,
    metrics: undefined,
    metricsToken: undefined,
    sysInterval: 10_000,
    otlpEndpoint: undefined,
    otlpInterval: 60_000,
    otlpTraces: 0,
    requireStore: false,
    whenStoreUnusable: "refuse",
    store: {
      ballast: 16 * 1024 * 1024,
      ballastShare: 1 / 20,
      durability: new DurabilityRules(),
      longestWait: 1000,
    },
    queuePolicies: { one: "drop-oldest", all: "refuse" },
    limits: DEFAULT_LIMITS,
    userLimits: new Map(),
    logLevel: "info",
    logFormat: "text",
    logFile: undefined,
    logFileSize: 10 * 1024 * 1024,
    logFiles: 5,
  });
});

Deno.test("parseStart reads every flag", async () => {
  const args =
    "--listen mqtt://127.0.0.1:1884?max_connections=5&allow_anonymous=false&users=/u --listen=mqtt://[::]:1885 " +
    "--allow-anonymous --rules /r --user pump?bytes_per_second=1MiB --data /a/b --control /c --require-store --when-store-unusable stop --metrics 0.0.0.0 --metrics-token /t --sys-interval never --otlp http://c:4318/ --otlp-interval 5s --otlp-traces 5% " +
    "--ballast 0 --durability a/#=off --durability interval --durability=a=b/+=commit " +
    "--durability-interval 250ms --when-queue-full refuse --when-all-queues-full drop-newest --log-level debug --log-format=json --log-file /l --log-file-size 8KiB --log-files 2 --max-inflight 7 --connect-timeout 2m";
  assert.deepEqual(await settingsOf(args.split(" ")), {
    file: undefined,
    listeners: [
      {
        ...plan(
          { address: { protocol: "mqtt", hostname: "127.0.0.1", port: 1884 } },
          "mqtt://127.0.0.1:1884",
          false,
        ),
        users: "/u",
        limits: { maximumConnections: 5 },
      },
      plan(
        { address: { protocol: "mqtt", hostname: "::", port: 1885 } },
        "mqtt://[::]:1885",
        true,
      ),
    ],
    rules: "/r",
    data: "/a/b",
    control: "/c",
    metrics: { hostname: "0.0.0.0", port: 9883 },
    metricsToken: "/t",
    sysInterval: 0,
    otlpEndpoint: "http://c:4318",
    otlpInterval: 5000,
    otlpTraces: 0.05,
    requireStore: true,
    whenStoreUnusable: "stop",
    store: {
      ballast: 0,
      ballastShare: 1,
      durability: new DurabilityRules("interval", [
        { filter: "a=b/+", durability: "commit" },
        { filter: "a/#", durability: "off" },
      ]),
      longestWait: 250,
    },
    queuePolicies: { one: "refuse", all: "drop-newest" },
    limits: { ...DEFAULT_LIMITS, maximumInflight: 7, connectTimeout: 120_000 },
    userLimits: new Map([["pump", { bytesPerSecond: 1024 ** 2 }]]),
    logLevel: "debug",
    logFormat: "json",
    logFile: "/l",
    logFileSize: 8192,
    logFiles: 2,
  });
});

Deno.test("parseStart takes each limit from its least to its greatest value, and nothing beyond", async () => {
  for (const key of LIMIT_KEYS) {
    const { flag, unit, minimum, maximum } = LIMIT_INFO[key];
    for (const value of [minimum, maximum]) {
      // No ceiling is in the way of what counts towards it, and the least ceiling leaves room for little else.
      const base = { ...DEFAULT_LIMITS, memoryCeiling: 2 ** 50 };
      const retainedBytes = Math.min(base.retainedBytes, value / 2);
      const { limits } = await settingsOf([
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
      const message = await messageOf(`--${flag}`, text);
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

Deno.test("parseStart leaves half of the memory ceiling to other than retained messages", async () => {
  const MiB = 1024 ** 2;
  const cases: [number, string[], number][] = [
    [1024, [], 256],
    [256, [], 128],
    [1024, ["--memory-ceiling", "32MiB"], 16],
    [256, ["--memory-ceiling", "1GiB"], 256],
    [256, ["--max-retained-bytes", "200MiB"], 200],
  ];
  for (const [ceiling, args, expected] of cases) {
    const base = { ...DEFAULT_LIMITS, memoryCeiling: ceiling * MiB };
    const { limits } = await settingsOf(args, base);
    assert.equal(limits.retainedBytes, expected * MiB, args.join(" "));
  }
});

Deno.test("parseStart takes a session expiry of never", async () => {
  const { limits } = await settingsOf(["--max-session-expiry", "never"], {
    ...DEFAULT_LIMITS,
    maximumSessionExpiry: 60,
  });
  assert.equal(limits.maximumSessionExpiry, SESSION_NEVER_EXPIRES);
});

Deno.test("parseStart names flag, value and what is allowed", async () => {
  const cases: [string, string][] = [
    [
      "--log-level loud",
      'Flag --log-level cannot be "loud": allowed are debug, info, warn and error',
    ],
    [
      "--log-format xml",
      'Flag --log-format cannot be "xml": allowed are text, json and journal',
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
      "--listen mqtt://[::1]:1883 --listen ws://[::1]:1883",
      "Flag --listen names [::1]:1883 twice: name it once",
    ],
    [
      "--user pump?max_conections=1",
      'Flag --user cannot be "pump?max_conections=1": there is no setting "max_conections": did you mean max_connections?',
    ],
    [
      "--require-store --data none",
      "Flag --require-store contradicts --data none: leave one of them out",
    ],
    [
      "--when-store-unusable stop --data none",
      "Flag --when-store-unusable contradicts --data none: leave one of them out",
    ],
    [
      "--require-store --when-store-unusable memory",
      "Flag --require-store contradicts --when-store-unusable memory: leave one of them out",
    ],
  ];
  for (const [args, message] of cases) {
    assert.equal(await messageOf(...args.split(" ")), message);
  }
});

Deno.test("START_FLAGS explain themselves", async () => {
  for (const { name, value, example, help } of START_FLAGS) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.equal(value === undefined, example === undefined, name);
    assert.doesNotMatch(help, /\.$/);
    if (example !== undefined && name !== "config") {
      await settingsOf([`--${name}`, example]);
    }
  }
});
