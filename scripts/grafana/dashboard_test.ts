import assert from "node:assert/strict";
import { Counters } from "../../src/core/counters.ts";
import { Histogram } from "../../src/core/histogram.ts";
import { Uptime } from "../../src/core/uptime.ts";
import type { Figure } from "../../src/admin/figure.ts";
import { figuresOf } from "../../src/admin/figures.ts";

const DASHBOARD = new URL(
  "./mailboxqtt.json",
  import.meta.url,
);

/** Labels that Prometheus itself gives to all that it fetches. */
const GIVEN = ["job", "instance"];

/** A broker's figures, with at least one sample each. */
function allFigures(): readonly Figure[] {
  return figuresOf({
    counters: new Counters(),
    doors: () => [{
      name: "mqtts://127.0.0.1:8883",
      address: undefined,
      addresses: [],
      connections: 0,
      certificateDays: 1,
    }],
    alarms: () => [["store", "It is full"]],
    damping: () => undefined,
    memory: () => ({ bytes: 1, ceiling: 2 }),
    loopDelay: new Histogram(),
    version: "1",
    uptime: new Uptime(),
  });
}

/** The names under which Prometheus keeps a broker's figures, each with its labels. */
function series(): Map<string, readonly string[]> {
  const labelsOf = new Map<string, readonly string[]>();
  for (const figure of allFigures()) {
    const { name } = figure;
    if (figure.type === "histogram") {
      labelsOf.set(`${name}_bucket`, ["le"]);
      labelsOf.set(`${name}_sum`, []);
      labelsOf.set(`${name}_count`, []);
    } else {
      const samples = figure.read();
      labelsOf.set(name, samples.flatMap(({ labels }) => Object.keys(labels)));
    }
  }
  return labelsOf;
}

/** All texts in a value of JSON. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

Deno.test("figuresOf() names each figure once, in the way of Prometheus", () => {
  const names = allFigures().map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, type, help } of allFigures()) {
    assert.match(name, /^mailboxqtt_[a-z_]+[a-z]$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.match(help, /^[A-Z0-9].*\.$/, name);
  }
});

Deno.test("the Grafana dashboard shows figures and labels that there are", async () => {
  const dashboard = JSON.parse(await Deno.readTextFile(DASHBOARD));
  const known = series();
  const expressions = textsIn(dashboard).filter((text) =>
    text.includes("mailboxqtt_")
  );
  assert.ok(expressions.length > 30);
  for (const expression of expressions) {
    const names = expression.match(/\bmailboxqtt_\w+/g)!;
    for (const name of names) assert.ok(known.has(name), name);
    const labels = names.flatMap((name) => known.get(name)!);
    const used = [...expression.matchAll(/ by \((\w+)\)|[{,](\w+)=/g)]
      .map(([, grouped, matched]) => grouped ?? matched!);
    for (const label of used) {
      assert.ok([...GIVEN, ...labels].includes(label), expression);
    }
  }
  for (const { targets, type } of dashboard.panels) {
    if (type === "row") continue;
    for (const { expr, legendFormat } of targets) {
      // What a legend names must have been kept by the expression.
      const [, named] = /\{\{(\w+)\}\}/.exec(legendFormat) ?? [];
      const isKept = !/^sum|^histogram/.test(expr) ||
        expr.includes(`by (${named})`);
      assert.ok(named === undefined || isKept, expr);
    }
  }
});
