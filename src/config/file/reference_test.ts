import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { configReference } from "./reference.ts";
import { checkShape } from "./schema.ts";
import { flagsHelp } from "../../terminal/help.ts";
import { USER_LIMITS } from "../settings/limits.ts";
import { LISTENER_FIELDS } from "../listeners/fields.ts";
import { listenerHelp } from "../listeners/help.ts";
import { ALL_SETTINGS, variableOf } from "../settings/table.ts";
import { START_FLAGS } from "../flags.ts";
import { parseStart } from "../options.ts";

const REFERENCE = configReference();

/** The same with all that can be taken over. */
const WHOLE = REFERENCE.replaceAll(/^#(?! )/gm, "");

Deno.test("configReference says nothing until something is taken over", () => {
  assert.deepEqual({ ...parse(REFERENCE) }, {});
  for (const line of REFERENCE.split("\n")) {
    assert.match(line, /^(?:#.*)?$/);
    assert.ok(line.length <= 100, line);
  }
});

Deno.test("configReference is a configuration with every key", async () => {
  const root = parse(WHOLE);
  assert.deepEqual(checkShape(root), []);
  const at = (path: readonly (string | number)[]) =>
    path.reduce<unknown>(
      (value, key) => (value as Record<string | number, unknown>)?.[key],
      root,
    );
  for (const { name } of ALL_SETTINGS) {
    assert.notEqual(at(name.split(".")), undefined, name);
  }
  for (const { name } of LISTENER_FIELDS) {
    const shown = [0, 1].some((index) =>
      at(["listener", index, name]) !== undefined
    );
    assert.ok(shown, name);
  }
  for (const { name } of USER_LIMITS) {
    assert.notEqual(at(["user", "pump", name]), undefined, name);
  }

  const file = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeTextFile(file, WHOLE);
    const args = ["--config", file];
    const { settings } = await parseStart(args, DEFAULT_LIMITS, {});
    // What the limits' examples are is their defaults.
    assert.deepEqual(settings.limits, DEFAULT_LIMITS);
    assert.equal(settings.listeners.length, 2);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("configReference and --help name the flag of every key", () => {
  const sentences = REFERENCE.replaceAll("\n# ", " ");
  const help = flagsHelp(START_FLAGS) + listenerHelp();
  for (const { name, flag } of ALL_SETTINGS) {
    assert.match(help, new RegExp(`^  --${flag}\\b`, "m"));
    const given = new RegExp(
      `Flag --${flag}\\b[^,]*, variable ${variableOf(name)}\\.`,
    );
    assert.ok(given.test(sentences), name);
  }
  const [, listener, user] = help.split("\nSettings of a listener, ").flatMap((
    part,
  ) => part.split("\nLimits of a user:"));
  for (const { name } of LISTENER_FIELDS) {
    assert.match(listener!, new RegExp(`^  ${name}  `, "m"));
  }
  for (const { name } of USER_LIMITS) {
    assert.match(user!, new RegExp(`\\b${name}\\b`));
  }
});
