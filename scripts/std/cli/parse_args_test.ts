import assert from "node:assert/strict";
import { parseArgs, type ParseOptions } from "@std/cli/parse-args";

/** One command line, the options it is read with, and what comes out. */
type Case = readonly [
  args: string,
  expected: Record<string, unknown>,
  options?: ParseOptions,
];

function check(cases: readonly Case[]): void {
  for (const [line, expected, options] of cases) {
    const args = line === "" ? [] : line.split(" ");
    const actual = options === undefined
      ? parseArgs(args)
      : parseArgs(args, options);
    assert.deepEqual({ ...actual }, { _: [], ...expected }, line);
  }
}

Deno.test("parseArgs() takes long flags", () => {
  check([
    ["", {}],
    ["--a", { a: true }],
    ["--a b", { a: "b" }],
    ["--a=b=c", { a: "b=c" }],
    ["--a=", { a: "" }],
    ["--a 1 --a 2", { a: 2 }],
    ["--a -b", { a: true, b: true }],
    ["--a - x", { a: true, _: ["-", "x"] }],
    ["--a false b", { a: "false", _: ["b"] }],
    ["x --a true y", { a: "true", _: ["x", "y"] }],
    ["--no-a", { "no-a": true }],
    ["--a.b.c 1 --a.d", { a: { b: { c: 1 }, d: true } }],
  ]);
});

Deno.test("parseArgs() takes short flags, groups and attached values", () => {
  check([
    ["-a", { a: true }],
    ["-a b", { a: "b" }],
    ["-abc d", { a: true, b: true, c: "d" }],
    ["-p1883", { p: 1883 }],
    ["-p=1883", { p: 1883 }],
    ["-h127.0.0.1", { h: "127.0.0.1" }],
    ["-t/x", { t: "/x" }],
    ["-ab=", { a: true, b: "" }],
    ["-a- x", { a: "-", _: ["x"] }],
    ["-a -5", { 5: true, a: true }],
    ["-a true b", { a: true, _: ["b"] }, { boolean: ["a"] }],
    ["- x", { _: ["-", "x"] }],
  ]);
});

Deno.test("parseArgs() makes numbers of what looks like one, but not of strings", () => {
  check([
    ["1 0x10 1e3 x1", { _: [1, 16, 1000, "x1"] }],
    ["--a 1 --b 1", { a: "1", b: 1 }, { string: "a" }],
    ["--a=007 -b 7", { a: "007", b: "7" }, { string: ["a", "b"] }],
    ["1 2", { _: ["1", "2"] }, { string: "_" }],
    ["--a --b", { a: "", b: true }, { string: ["a"] }],
    ["-a", { a: "" }, { string: ["a"] }],
  ]);
});

Deno.test("parseArgs() takes no value for boolean flags but true or false", () => {
  check([
    ["--a x", { a: true, b: false, _: ["x"] }, { boolean: ["a", "b"] }],
    ["--a false x", { a: false, _: ["x"] }, { boolean: ["a"] }],
    ["--a=false --b=no", { a: false, b: true }, { boolean: ["a", "b"] }],
    ["--a x -b y", { a: true, b: "y", _: ["x"] }, { boolean: true }],
    ["--no-a --no-b", { a: false, "no-b": true }, {
      boolean: ["a"],
      negatable: ["a"],
    }],
    ["--no-c", { c: false }, { string: ["c"], negatable: ["c"] }],
  ]);
});

Deno.test("parseArgs() gathers the values of collected flags", () => {
  check([
    ["--a 1 --a x", { a: [1, "x"] }, { collect: ["a"] }],
    ["", {}, { collect: ["a"] }],
    ["", { a: [], b: [] }, {
      collect: ["a", "b"],
      string: ["a"],
      boolean: ["b"],
    }],
    ["-l 1 --listen=2", { l: ["1", "2"], listen: ["1", "2"] }, {
      collect: ["listen"],
      string: ["listen"],
      alias: { listen: "l" },
    }],
  ]);
});

Deno.test("parseArgs() fills in defaults where a flag was not given", () => {
  check([
    ["--a 1", { a: 1, b: "x", c: false }, {
      default: { a: 2, b: "x" },
      boolean: ["c"],
    }],
    ["", { a: true }, { default: { a: true }, boolean: ["a"] }],
    ["", { a: ["x"] }, { default: { a: ["x"] }, collect: ["a"] }],
    ["", { a: 1, b: 1 }, { default: { a: 1 }, alias: { a: "b" } }],
    ["", { a: { b: 1 } }, { default: { "a.b": 1 } }],
  ]);
});

Deno.test("parseArgs() gives a flag's value under all of its names", () => {
  check([
    ["-v", { v: true, verbose: true }, {
      alias: { verbose: "v" },
      boolean: ["verbose"],
    }],
    ["-b x", { a: "x", b: "x", c: "x" }, { alias: { a: ["b", "c"] } }],
    ["-v x", { v: true, verbose: true, _: ["x"] }, {
      alias: { v: "verbose" },
      boolean: "verbose",
    }],
  ]);
});

Deno.test("parseArgs() leaves what follows -- alone", () => {
  check([
    ["--a 1 -- --b 2", { a: 1, _: ["--b", "2"] }],
    ["--a 1 -- --b 2", { a: 1, "--": ["--b", "2"] }, { "--": true }],
    ["x", { _: ["x"], "--": [] }, { "--": true }],
  ]);
});

Deno.test("parseArgs() stops at the first plain argument when asked to", () => {
  check([
    ["-a sub -b 1", { a: true, _: ["sub", "-b", "1"] }, {
      stopEarly: true,
      boolean: ["a"],
    }],
  ]);
});

Deno.test("parseArgs() asks about each argument that the options do not name", () => {
  const asked: unknown[] = [];
  const args = parseArgs(["--a", "1", "--b=2", "-cd", "x", "--e", "y"], {
    string: ["a"],
    alias: { e: "f" },
    unknown: (arg, key, value) => {
      asked.push([arg, key, value]);
      return key === "d";
    },
  });
  assert.deepEqual({ ...args }, { _: [], a: "1", d: "x", e: "y", f: "y" });
  assert.deepEqual(asked, [
    ["--b=2", "b", "2"],
    ["-cd", "c", true],
    ["-cd", "d", "x"],
  ]);
});

Deno.test("parseArgs() leaves prototypes alone", () => {
  const args = parseArgs([
    "--__proto__.x",
    "1",
    "--constructor.prototype.x",
    "1",
  ]);
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
  assert.deepEqual(args._, []);
});

Deno.test("parseArgs() types flags as the options say", () => {
  const flags = parseArgs(["--listen", "a", "--port=1", "--deep"], {
    string: ["listen", "port", "data"],
    boolean: ["deep", "help"],
    collect: ["listen"],
    default: { data: "none" },
    unknown: () => false,
  });
  const listen: string[] = flags.listen;
  const port: string | undefined = flags.port;
  const deep: boolean = flags.deep;
  const rest: (string | number)[] = flags._;
  const other: unknown = flags["other"];
  assert.deepEqual([listen, port, deep, rest, other], [
    ["a"],
    "1",
    true,
    [],
    undefined,
  ]);
  assert.equal(flags.data, "none");
  assert.equal(flags.help, false);
});
