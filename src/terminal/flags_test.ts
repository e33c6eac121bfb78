import assert from "node:assert/strict";
import { EXIT, StartError } from "../core/errors.ts";
import { type FlagInfo, hasFlag, parseFlags } from "./flags.ts";

const FLAGS: readonly FlagInfo[] = [
  {
    name: "listen",
    value: "URL",
    example: "mqtt://host",
    repeatable: true,
    help: "where",
  },
  { name: "level", value: "LEVEL", help: "how much" },
  { name: "quiet", help: "say nothing" },
];

Deno.test("parseFlags gathers values and switches", () => {
  const { values, switches } = parseFlags([
    "--listen",
    "a",
    "--quiet",
    "--listen=b=c",
    "--level",
    "007",
  ], FLAGS);
  assert.deepEqual([...values], [["listen", ["a", "b=c"]], ["level", ["007"]]]);
  assert.deepEqual([...switches], ["quiet"]);
});

Deno.test("parseFlags takes no arguments for no flags", () => {
  const { values, switches } = parseFlags([], FLAGS);
  assert.equal(values.size + switches.size, 0);
});

Deno.test("parseFlags takes a switch's value", () => {
  assert.ok(parseFlags(["--quiet=true"], FLAGS).switches.has("quiet"));
  assert.ok(!parseFlags(["--quiet=false"], FLAGS).switches.has("quiet"));
});

Deno.test("parseFlags says in one sentence what is wrong", () => {
  const cases: [string[], string][] = [
    [["--lisen", "a"], "Unknown flag --lisen: did you mean --listen?"],
    [["--lisen=a"], "Unknown flag --lisen: did you mean --listen?"],
    [["-listen", "a"], "Unknown flag -listen: did you mean --listen?"],
    [["--zzz"], "Unknown flag --zzz: --help lists all flags"],
    [["--quiet", "-5"], "Unknown flag -5: --help lists all flags"],
    [["--level", "a", "-5"], "Unknown flag -5: --help lists all flags"],
    [["-z"], "Unknown flag -z: --help lists all flags"],
    [["--__proto__=1"], "Unknown flag --__proto__: --help lists all flags"],
    [["--level.x=1"], "Unknown flag --level.x: did you mean --level?"],
    [["--no-level=1"], "Unknown flag --no-level: --help lists all flags"],
    [["--a\nb"], "Unknown flag --a\\nb: --help lists all flags"],
    [
      ["--listen"],
      "Flag --listen needs a value, for example --listen mqtt://host",
    ],
    [
      ["--listen="],
      "Flag --listen needs a value, for example --listen mqtt://host",
    ],
    [
      ["--listen", ""],
      "Flag --listen needs a value, for example --listen mqtt://host",
    ],
    [["--level", "--quiet"], "Flag --level needs a value"],
    [
      ["--level", "a", "--level", "a"],
      "Flag --level is given 2 times: give it once",
    ],
    [["--quiet", "--quiet"], "Flag --quiet is given 2 times: give it once"],
    [["--quiet=yes"], 'Flag --quiet cannot be "yes": it takes no value'],
    [["--quiet="], 'Flag --quiet cannot be "": it takes no value'],
    [["--quiet", "now"], 'Unknown argument "now": flags start with --'],
    [["1883"], 'Unknown argument "1883": flags start with --'],
    [["--", "--quiet"], 'Unknown argument "--quiet": flags start with --'],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parseFlags(args, FLAGS), (error) => {
      assert.ok(error instanceof StartError);
      assert.equal(error.message, message);
      assert.equal(error.exitStatus, EXIT.usage);
      return true;
    }, args.join(" "));
  }
});

Deno.test("hasFlag looks only before --", () => {
  assert.ok(hasFlag(["--listen", "x", "--help"], "--help", "-h"));
  assert.ok(!hasFlag(["--", "--help"], "--help"));
});

Deno.test("parseFlags takes as many operands as a command has", () => {
  const flags = [{ name: "to", value: "X", help: "" }];
  const { operands, values } = parseFlags(["a", "--to", "b"], flags, 1);
  assert.deepEqual(operands, ["a"]);
  assert.deepEqual(values.get("to"), ["b"]);
  assert.throws(() => parseFlags(["a", "b"], flags, 1), /argument "b"/);
});
