import assert from "node:assert/strict";
import {
  assertNone,
  judgeCircles,
  judgeFolders,
  judgeMentions,
  judgeProgram,
  judgeTargets,
  judgeTest,
  LONGEST_FILE,
  MOST_FILES,
} from "./rules.ts";

Deno.test("structure rules find what they look for", () => {
  const wrong:
    readonly (readonly [path: string, text: string, sentence: RegExp])[] = [
      [
        "src/core/a.ts",
        `import { b } from "../codec/b.ts";`,
        /src\/core comes before src\/codec/,
      ],
      [
        "src/core/a.ts",
        `import type {\n  B,\n} from "../broker.ts";`,
        /:1: .*before src\/broker.ts/,
      ],
      [
        "src/core/a.ts",
        `\nexport * from "../cli/b.ts";`,
        /:2: .*before src\/cli/,
      ],
      [
        "src/store/a.ts",
        `await import("../router/b.ts");`,
        /before src\/router/,
      ],
      [
        "src/store/a.ts",
        `new URL("../router/b.ts", import.meta.url);`,
        /before src\/router/,
      ],
      ["src/broker.ts", `import "./cli/start.ts";`, /before src\/cli/],
      [
        "src/core/a.ts",
        `import { b } from "../../tests/b.ts";`,
        /move tests\/b.ts into src/,
      ],
      ["src/new/a.ts", "", /in no room/],
      [
        "src/store/journal/a.ts",
        `import "../tables/b.ts";`,
        /src\/store\/journal comes before src\/store\/tables/,
      ],
      [
        "src/store/a.ts",
        `import "./journal/b.ts";`,
        /src\/store comes before src\/store\/journal/,
      ],
      [
        "src/core/a.ts",
        `import { Channel } from "@std/async/channel";`,
        /only src\/core\/mailbox.ts may/,
      ],
      [
        "src/core/mailbox.ts",
        `import { warn } from "@std/log/warn";`,
        /only src\/core\/log.ts may/,
      ],
      ["src/core/a.ts", `import ws from "npm:ws@8";`, /deno.json's imports/],
      ["src/core/a.ts", `import mqtt from "mqtt";`, /for tests only/],
      ["src/core/a.ts", `  console.log(1);`, /uses console/],
      ["src/core/a.ts", `export default 1;`, /default export/],
      ["src/core/a.ts", "\n".repeat(LONGEST_FILE + 1), /401 lines/],
      ["src/core/aB.ts", "", /snake_case/],
    ];
  for (const [path, text, sentence] of wrong) {
    const found = [...judgeProgram({ path, text })];
    assert.equal(found.length, 1, `${path}: ${text}`);
    assert.match(found[0]!, sentence);
  }

  const right: readonly (readonly [path: string, text: string])[] = [
    [
      "src/codec/a.ts",
      `import { b } from "../core/b.ts";\nimport { c } from "./c.ts";`,
    ],
    [
      "src/codec/a_test.ts",
      `import mqtt from "mqtt";\nimport "../../tests/support/b.ts";`,
    ],
    [
      "src/core/a.ts",
      `// import { b } from "../codec/b.ts";\n/* console.log */`,
    ],
    ["src/core/mailbox.ts", `import { Channel } from "@std/async/channel";`],
    ["src/session/a.ts", `import { deadline } from "@std/async/deadline";`],
    ["src/cli/a.ts", `import { startBroker } from "../broker.ts";`],
    [
      "src/cli/a.ts",
      `import config from "../../deno.json" with { type: "json" };`,
    ],
    [
      "src/cli/a.ts",
      `export type Scheme = "mqtt" | "ws";\nexport const SCHEMES = ["mqtt"];`,
    ],
    ["main.ts", `import { run } from "./src/cli/run.ts";`],
    ["src/core/a.ts", "\n".repeat(LONGEST_FILE)],
  ];
  for (const [path, text] of right) assertNone(judgeProgram({ path, text }));

  const circle = [
    { path: "src/core/a.ts", text: `import type { B } from "./b.ts";` },
    { path: "src/core/b.ts", text: `await import("./c.ts");` },
    { path: "src/core/c.ts", text: `export * from "./a.ts";` },
    { path: "src/core/d.ts", text: `import "./a.ts";` },
  ];
  assert.equal(judgeCircles(circle).length, 1);
  assert.match(
    judgeCircles(circle)[0]!,
    /^src\/core\/a.ts imports src\/core\/b.ts imports src\/core\/c.ts imports src\/core\/a.ts:/,
  );
  assert.deepEqual(judgeCircles(circle.slice(1)), []);

  const full = Array.from(
    { length: MOST_FILES },
    (_, n) => `src/core/f${n}.ts`,
  );
  assertNone(judgeFolders([...full, "src/core/f0_test.ts", "src/codec/a.ts"]));
  assert.equal([...judgeFolders([...full, "src/core/more.ts"])].length, 1);

  const paths = new Set(["src/core/a.ts", "src/codec/b.ts", "tests/c.ts"]);
  const mentions = (comment: string) => [
    ...judgeMentions({ path: "src/core/d.ts", text: `// ${comment}` }, paths),
  ];
  assertNone(mentions("Read a.ts, codec/b.ts, ../codec/b.ts and tests/c.ts."));
  assert.equal(mentions("Read b.ts, then gone.ts.").length, 2);

  const source = { path: "src/core/d.ts", text: `await import("./a.ts");` };
  assertNone(judgeTargets(source, paths));
  assert.equal([...judgeTargets(source, new Set())].length, 1);

  const text =
    `Deno.test({ sanitizeOps: false });\nDeno.test.only("a", () => {});`;
  assert.equal([...judgeTest({ path: "tests/a_test.ts", text })].length, 2);
});
