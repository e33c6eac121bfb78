import assert from "node:assert/strict";
import { DEFAULT_LIMITS } from "../core/limits.ts";
import { ALL_SETTINGS, variableOf } from "./settings/table.ts";
import { parseFlags } from "../terminal/flags.ts";
import { formatFault } from "./given/fault.ts";
import { loadSettings } from "./load.ts";
import type { Settings } from "./settings/settings.ts";
import type { Outcome } from "./resolve.ts";
import { readStartFlags, START_FLAGS } from "./flags.ts";

/** A folder with a configuration file, and what is made of it. To be had with `await using`. */
class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync();
  readonly file = `${this.path}/mailboxqtt.toml`;

  async outcome(
    config: string | undefined,
    variables: Readonly<Record<string, string>> = {},
    ...args: string[]
  ): Promise<Outcome> {
    if (config === undefined) await Deno.remove(this.file).catch(() => {});
    else await Deno.writeTextFile(this.file, config);
    const flags = readStartFlags(parseFlags(args, START_FLAGS));
    return await loadSettings({
      flags: flags.given,
      config: flags.config,
      variables,
      limits: DEFAULT_LIMITS,
      usualFiles: [`${this.path}/other.toml`, this.file],
    });
  }

  async settings(
    ...args: Parameters<Folder["outcome"]>
  ): Promise<Settings> {
    const { settings, faults } = await this.outcome(...args);
    assert.ok(
      settings !== undefined,
      faults?.map(formatFault).join("\n") ?? "",
    );
    return settings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Two values of each setting, other than its default. */
const OTHERS: Readonly<Record<string, readonly [string, string]>> = {
  users: ["/a", "/b"],
  rules: ["/a", "/b"],
  data: ["/a", "/b"],
  control: ["/a", "/b"],
  "metrics.listen": ["127.0.0.1:1", "[::1]:2"],
  "metrics.token": ["/a", "/b"],
  sys_interval: ["1m", "never"],
  "otlp.endpoint": ["http://a", "http://b"],
  "otlp.traces": ["1%", "2%"],
  "store.when_unusable": ["memory", "stop"],
  "store.durability": ["off", "a/#=off"],
  "store.durability_interval": ["2s", "3s"],
  "store.ballast": ["1MiB", "2MiB"],
  "queues.when_queue_full": ["refuse", "drop-newest"],
  "queues.when_all_queues_full": ["drop-oldest", "drop-newest"],
  "log.level": ["debug", "error"],
  "log.format": ["json", "text"],
  "log.file": ["/a", "/b"],
  "limits.memory_resume": ["20%", "30%"],
  "limits.max_topic_length": ["100", "200"],
  "limits.max_connect_size": ["1MiB", "2MiB"],
};

function othersOf(name: string): readonly [string, string] {
  const unit = ALL_SETTINGS.find((one) => one.name === name)!.placeholder;
  return OTHERS[name] ??
    (unit === "SIZE"
      ? ["32MiB", "64MiB"]
      : unit === "TIME"
      ? ["30s", "40s"]
      : unit === undefined
      ? ["true", "false"]
      : ["5", "6"]);
}

Deno.test("loadSettings lets each flag beat its variable, and each variable the file", async () => {
  await using folder = new Folder();
  for (const { name, flag, form } of ALL_SETTINGS) {
    const [first, second] = othersOf(name);
    const config = `${name} = ${form.literal(first)}`;
    const variable = { [variableOf(name)]: first };
    // Without users nobody could come in where anonymous clients may not.
    const more = name === "allow_anonymous" ? ["--users=/u"] : [];
    const one = [`--${flag}=${first}`, ...more];
    const other = [`--${flag}=${second}`, ...more];
    const ofFlag = await folder.settings(undefined, {}, ...one);
    const ofOther = await folder.settings(undefined, {}, ...other);
    const file = folder.file;
    assert.notDeepEqual(ofFlag, ofOther, name);
    assert.deepEqual(await folder.settings(config, {}, ...more), {
      ...ofFlag,
      file,
    }, name);
    assert.deepEqual(
      await folder.settings(undefined, variable, ...more),
      ofFlag,
      name,
    );
    assert.deepEqual(
      await folder.settings(config, { [variableOf(name)]: second }, ...more),
      { ...ofOther, file },
      name,
    );
    assert.deepEqual(
      await folder.settings(config, variable, ...other),
      { ...ofOther, file },
      name,
    );
  }
});

const urlsOf = (settings: Settings) => settings.listeners.map(({ url }) => url);

Deno.test("loadSettings takes listeners from one source, and the limits of users from all", async () => {
  await using folder = new Folder();
  const config = `
[[listener]]
url = "mqtt://127.0.0.1:1"
[[listener]]
url = "mqtt://127.0.0.1:2"
[user]
pump = { max_connections = 1, max_inflight = 2 }
`;
  assert.deepEqual(urlsOf(await folder.settings(config)), [
    "mqtt://127.0.0.1:1",
    "mqtt://127.0.0.1:2",
  ]);
  const variables = {
    MAILBOXQTT_LISTEN: " mqtt://127.0.0.1:3  mqtt://127.0.0.1:4?users=/u ",
    MAILBOXQTT_USER: "pump?max_connections=3 a%20b?max_inflight=4",
  };
  const both = await folder.settings(config, variables);
  assert.deepEqual(urlsOf(both), ["mqtt://127.0.0.1:3", "mqtt://127.0.0.1:4"]);
  assert.equal(both.listeners[1]!.users, "/u");
  assert.deepEqual(
    both.userLimits,
    new Map([
      ["pump", { maximumConnections: 3, maximumInflight: 2 }],
      ["a b", { maximumInflight: 4 }],
    ]),
  );
  const args = [
    "--listen",
    "mqtt://127.0.0.1:5",
    "--user",
    "pump?max_inflight=6",
  ];
  const all = await folder.settings(config, variables, ...args);
  assert.deepEqual(urlsOf(all), ["mqtt://127.0.0.1:5"]);
  assert.deepEqual(all.userLimits.get("pump"), {
    maximumConnections: 3,
    maximumInflight: 6,
  });
});

Deno.test("loadSettings seeks files that the configuration names from its folder on", async () => {
  await using folder = new Folder();
  const { path } = folder;
  const config = `
users = "users"
rules = "../rules"
data = "none"
[[listener]]
url = "mqtts://127.0.0.1?key=own.key"
certificate = "tls/own.crt"
users = "/abs/users"
[[listener]]
url = "mqtt://127.0.0.1"
`;
  const settings = await folder.settings(config);
  const [first, second] = settings.listeners;
  assert.deepEqual(first!.transport.tls, {
    certificate: `${path}/tls/own.crt`,
    key: `${path}/own.key`,
  });
  assert.equal(first!.users, "/abs/users");
  assert.equal(second!.users, `${path}/users`);
  assert.equal(settings.rules, `${path.replace(/\/[^/]*$/, "")}/rules`);
  assert.equal(settings.data, "none");
  const flags = await folder.settings("", {}, "--users", "users");
  assert.equal(flags.listeners[0]!.users, "users");
});

Deno.test("loadSettings reads the first file that is there, or the one that is named", async () => {
  await using folder = new Folder();
  const other = `${folder.path}/other.toml`;
  const third = `${folder.path}/third.toml`;
  const level = 'log.level = "error"';
  await Deno.writeTextFile(third, 'log.level = "warn"');
  assert.equal((await folder.settings(undefined)).file, undefined);
  assert.equal((await folder.settings(level)).file, folder.file);
  await Deno.writeTextFile(other, 'log.level = "debug"');
  assert.equal((await folder.settings(level)).logLevel, "debug");
  const variables = { MAILBOXQTT_CONFIG: third };
  assert.equal((await folder.settings(level, variables)).logLevel, "warn");
  const named = ["--config", folder.file];
  assert.equal(
    (await folder.settings(level, variables, ...named)).logLevel,
    "error",
  );
  const none = await folder.settings(level, variables, "--config=none");
  assert.equal(none.logLevel, "info");
  const missing = { MAILBOXQTT_CONFIG: `${folder.path}/no.toml` };
  const { faults } = await folder.outcome(level, missing);
  assert.equal(faults?.length, 1);
});

Deno.test("loadSettings tells the faults of all sources at once", async () => {
  await using folder = new Folder();
  const { faults } = await folder.outcome(
    "usrs = 1\nlog.level = 'loud'\n",
    { MAILBOXQTT_LOG_FORMAT: "xml", MAILBOXQTT_LOGLEVEL: "debug" },
    "--data=none",
    "--require-store",
  );
  assert.deepEqual(faults!.map(formatFault).map((text) => text.split(";")[0]), [
    `${folder.file}:1:1: usrs is unknown`,
    `${folder.file}:2:13: log.level cannot be "loud"`,
    'Variable MAILBOXQTT_LOG_FORMAT cannot be "xml"',
    "Unknown variable MAILBOXQTT_LOGLEVEL",
    "Flag --require-store contradicts --data none: leave one of them out",
  ]);
});

Deno.test("loadSettings takes no value that is not allowed for one that was not given", async () => {
  await using folder = new Folder();
  const config = `
users = 5
[[listener]]
url = "mqtt://0.0.0.0"
[[listener]]
url = "mqtt://0.0.0.0:1884"
users = ["a"]
`;
  const { faults } = await folder.outcome(config);
  const texts = faults!.map(formatFault);
  assert.equal(texts.length, 2, texts.join("\n"));
  assert.match(texts[0]!, /users cannot be 5/);
  assert.match(texts[1]!, /listener.users cannot be a list/);
});

Deno.test("loadSettings lets in who does not show who it is only where that is safe or said", async () => {
  await using folder = new Folder();
  const tls = "certificate=/c&key=/k&client_authority=/a&client_certificates=";
  // What is said for all, the listener, and whether anybody may come in, or what is wrong.
  const cases: [string, string, boolean | RegExp][] = [
    ["", "mqtt://127.0.0.1", true],
    ["", "unix:///run/x.sock", true],
    ["", "mqtt://192.0.2.1", /Cannot listen on/],
    ["", "mqtt://127.0.0.1?proxies_from=127.0.0.1", /reaches its proxy/],
    ["", "mqtt://192.0.2.1?allow_anonymous=true", true],
    ["", "mqtt://192.0.2.1?users=/u", false],
    ["", "mqtt://127.0.0.1?users=/u", false],
    ["", "mqtt://127.0.0.1?users=/u&allow_anonymous=true", true],
    ["", "mqtt://127.0.0.1?allow_anonymous=false", /Nobody could come in/],
    ["", `mqtts://192.0.2.1?${tls}require`, false],
    ["", `mqtts://192.0.2.1?${tls}require&identity=none`, true],
    ["", `mqtts://192.0.2.1?${tls}require&identity=none&users=/u`, false],
    [
      "",
      `mqtts://192.0.2.1?${tls}require&identity=none&allow_anonymous=false`,
      /Nobody could come in/,
    ],
    ["", `mqtts://192.0.2.1?${tls}request`, /Cannot listen on/],
    ["", `mqtts://192.0.2.1?${tls}request&allow_anonymous=false`, false],
    ["", `mqtts://127.0.0.1?${tls}request`, true],
    ["", "mqtts://192.0.2.1?certificate=/c&key=/k", /Cannot listen on/],
    ["users = '/u'", "mqtt://192.0.2.1", false],
    ["users = '/u'", "mqtt://127.0.0.1", false],
    ["allow_anonymous = true", "mqtt://192.0.2.1", true],
    [
      "allow_anonymous = true",
      "mqtt://192.0.2.1?allow_anonymous=false",
      /Nobody could come in/,
    ],
    ["allow_anonymous = false", "mqtt://127.0.0.1", /Nobody could come in/],
    ["allow_anonymous = false", "mqtt://0.0.0.0?allow_anonymous=true", true],
    ["allow_anonymous = false\nusers = '/u'", "mqtt://0.0.0.0", false],
    ["allow_anonymous = true\nusers = '/u'", "mqtt://0.0.0.0", true],
  ];
  for (const [all, url, expected] of cases) {
    const config = `${all}\n[[listener]]\nurl = "${url}"\n`;
    const { settings, faults } = await folder.outcome(config);
    if (typeof expected === "boolean") {
      assert.equal(settings?.listeners[0]?.allowAnonymous, expected, config);
    } else {
      assert.equal(faults?.length, 1, config);
      assert.match(formatFault(faults[0]!), expected, config);
    }
  }
});
