import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { type KeyPath, Locator } from "./locate.ts";

/** What stands at a path: from its key, and from its value, each up to the end of the line. */
function at(text: string, ...path: (string | number)[]): [string, string] {
  const locator = new Locator(text);
  const line = (from: number) => text.slice(from).split("\n")[0]!;
  return [line(locator.key(path)), line(locator.value(path))];
}

Deno.test("Locator finds keys and values in tables", () => {
  const text = `
a = 1 # a = 2
"b c" = "x = 3"
[ d . 'e' ]
f.g = [1, 2]
  "h\\u0069" = true
`;
  assert.deepEqual(at(text, "a"), ["a = 1 # a = 2", "1 # a = 2"]);
  assert.deepEqual(at(text, "b c"), ['"b c" = "x = 3"', '"x = 3"']);
  assert.deepEqual(at(text, "d"), ["d . 'e' ]", "[ d . 'e' ]"]);
  assert.deepEqual(at(text, "d", "e"), ["'e' ]", "[ d . 'e' ]"]);
  assert.deepEqual(at(text, "d", "e", "f"), ["f.g = [1, 2]", "[1, 2]"]);
  assert.deepEqual(at(text, "d", "e", "f", "g"), ["g = [1, 2]", "[1, 2]"]);
  assert.deepEqual(at(text, "d", "e", "f", "g", 1), ["2]", "2]"]);
  assert.deepEqual(at(text, "d", "e", "hi"), ['"h\\u0069" = true', "true"]);
});

Deno.test("Locator tells the tables of an array apart", () => {
  const text = `
[[a]]
b = 1
[a.c]
d = 2
[[a]]
b = 3
[[a.e]]
[[a.e]]
f = 4
[a.c]
d = 5
`;
  assert.deepEqual(at(text, "a", 0, "b"), ["b = 1", "1"]);
  assert.deepEqual(at(text, "a", 1, "b"), ["b = 3", "3"]);
  assert.deepEqual(at(text, "a", 0, "c", "d"), ["d = 2", "2"]);
  assert.deepEqual(at(text, "a", 1, "c", "d"), ["d = 5", "5"]);
  assert.deepEqual(at(text, "a", 1, "e", 1, "f"), ["f = 4", "4"]);
});

Deno.test("Locator goes into inline tables and arrays on several lines", () => {
  const text = `
a = [ # "[
  { b = 1, "c" = { d = '}' } },
  { b.e = """
]}, b = 7""" , f = 2 },
]
g = 3
`;
  assert.deepEqual(at(text, "a", 0, "b"), [
    `b = 1, "c" = { d = '}' } },`,
    `1, "c" = { d = '}' } },`,
  ]);
  assert.deepEqual(at(text, "a", 0, "c", "d"), ["d = '}' } },", "'}' } },"]);
  assert.deepEqual(at(text, "a", 1, "f"), ["f = 2 },", "2 },"]);
  assert.deepEqual(at(text, "g"), ["g = 3", "3"]);
});

Deno.test("Locator falls back to what a path is in", () => {
  const text = "x = 0\n[a]\nb = { c = 1 }\n";
  assert.deepEqual(at(text, "a", "z"), ["a]", "a]"]);
  assert.deepEqual(at(text, "a", "b", "z", 3), [
    "b = { c = 1 }",
    "b = { c = 1 }",
  ]);
  assert.deepEqual(at(text, "nowhere"), ["x = 0", "x = 0"]);
});

/** All paths to values that hold no others. */
function* leaves(value: unknown, path: KeyPath): Generator<[KeyPath, unknown]> {
  if (typeof value !== "object" || value === null) yield [path, value];
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield* leaves(item, [...path, index]);
    }
  } else {
    for (const [name, item] of Object.entries(value)) {
      yield* leaves(item, [...path, name]);
    }
  }
}

Deno.test("Locator finds every value that the parser finds", () => {
  const key = fc.oneof(
    fc.constantFrom("a", "b", "c", "a.b", "", 'q"', "ä", "]", "#", "= 1"),
    fc.string({ unit: "grapheme" }),
  ).filter((name) => name !== "__proto__");
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(key, tie("node"), { maxKeys: 4 }),
    node: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.integer(),
      fc.boolean(),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("\n", '"""', "'''", "\\", "# x", "[a]"),
      fc.array(tie("node"), { maxLength: 3 }),
      tie("tree"),
    ),
  }));
  fc.assert(
    fc.property(tree as fc.Arbitrary<Record<string, unknown>>, (root) => {
      const text = stringify(root);
      const locator = new Locator(text);
      for (const [path, leaf] of leaves(parse(text), [])) {
        const literal = stringify({ x: leaf }).trimEnd().slice("x = ".length);
        const from = locator.value(path);
        assert.ok(
          text.startsWith(literal, from),
          `${JSON.stringify(path)}: ${text.slice(from)}`,
        );
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("Locator reads any text to its end", () => {
  const pieces = [
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    '"""',
    "=",
    ".",
    ",",
    "\n",
    "a",
  ];
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.constantFrom(...pieces), { maxLength: 30 })
          .map((parts) => parts.join("")),
      ),
      (text) => {
        const from = new Locator(text).value(["a", 0, "b"]);
        assert.ok(from >= 0 && from <= text.length);
      },
    ),
    { numRuns: 2000 },
  );
});
