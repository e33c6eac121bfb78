import assert from "node:assert/strict";
import { billOfMaterials, packagesOfTheProgram } from "./sbom.ts";

Deno.test("bill of materials lists what is in the program, what each part needs, and nothing that only tests use", async () => {
  const packages = await packagesOfTheProgram();
  const bill = billOfMaterials({
    version: "1.2.3",
    build: { commit: "0123456789ab", date: "2026-07-30" },
    target: "aarch64-unknown-linux-gnu",
    deno: "2.9.6",
    sha256: "00".repeat(32),
  }, packages);
  // As others read it.
  const { metadata, components, dependencies } = JSON.parse(
    JSON.stringify(bill),
  );

  assert.equal(metadata.component.version, "1.2.3");
  assert.equal(metadata.timestamp, "2026-07-30T00:00:00Z");
  const names = new Set(components.map(({ name }: { name: string }) => name));
  for (
    const name of [
      "deno",
      "@peculiar/x509",
      "asn1js",
      "hash-wasm",
      "prom-client",
      "smol-toml",
      "valibot",
      "ws",
    ]
  ) {
    assert.ok(names.has(name), name);
  }
  for (const name of ["fast-check", "mqtt", "mqtt-packet", "@types/ws"]) {
    assert.ok(!names.has(name), name);
  }

  for (const { type, name, purl, hashes, licenses } of components) {
    if (type !== "library") continue;
    assert.match(purl, /^pkg:(npm|jsr)\/(%40[\w.-]+\/)?[\w.-]+@\d[\w.-]*$/);
    assert.match(hashes[0].content, /^[0-9a-f]{64,128}$/, name);
    if (purl.startsWith("pkg:npm/")) {
      assert.ok(licenses[0].expression !== "", name);
    }
  }

  const listed = new Set(
    components.map((one: { "bom-ref": string }) => one["bom-ref"]),
  );
  assert.equal(listed.size, components.length, "each is listed once");
  const reached = new Set([metadata.component["bom-ref"]]);
  const needs = new Map<string, string[]>(
    dependencies.map(({ ref, dependsOn = [] }: {
      ref: string;
      dependsOn?: string[];
    }) => [ref, dependsOn]),
  );
  // Grows while it is walked.
  for (const ref of reached) {
    for (const needed of needs.get(ref)!) reached.add(needed);
  }
  reached.delete(metadata.component["bom-ref"]);
  assert.deepEqual([...reached].sort(), [...listed].sort());
});
