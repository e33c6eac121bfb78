import assert from "node:assert/strict";
import { posix } from "node:path";

const ROOT = new URL("../", import.meta.url);

/** What a module imports at once: not what it imports when it needs it, and no types. */
const IMPORT =
  /^(?:import|export)\s+(?!type\b)[^;"'=]*?\bfrom\s*["'](\.[^"']+\.ts)["']|^import\s*["'](\.[^"']+\.ts)["']/gm;

/** All modules that come with one. */
async function loadedWith(path: string, found = new Set<string>()) {
  if (found.has(path)) return found;
  found.add(path);
  const text = await Deno.readTextFile(new URL(path, ROOT));
  for (const [, first, second] of text.matchAll(IMPORT)) {
    const target = posix.join(posix.dirname(path), (first ?? second)!);
    await loadedWith(target, found);
  }
  return found;
}

Deno.test("the broker loads no code of the commands pub and sub, nor they its own", async () => {
  const broker = new Set([
    ...await loadedWith("main.ts"),
    ...await loadedWith("src/daemon/start.ts"),
    ...await loadedWith("src/daemon/start_broker.ts"),
  ]);
  assert.ok(broker.has("src/broker.ts"));
  const client = [...broker].filter((path) => path.startsWith("src/client/"));
  assert.deepEqual(client, []);

  const commands = new Set([
    ...await loadedWith("src/cli/client/pub.ts"),
    ...await loadedWith("src/cli/client/sub.ts"),
  ]);
  assert.ok(commands.has("src/client/mqtt_client.ts"));
  const others = [...commands].filter((path) =>
    /^src\/(?:store|session|connection|auth|admin|broker)|tls_client|web_socket/
      .test(path)
  );
  assert.deepEqual(others, []);
});
