/**
 * Chooses where `@std/*` comes from and writes the import map and the lock file that every task uses.
 *
 * JSR is what deno.json names. Where JSR neither answers nor is cached, the stand-ins in `scripts/std/` take its
 * place. Everything written goes to `.deno/`, so the checkout itself never changes. The choice, once made, stands
 * until `deno task deps --again`.
 *
 * Run it with `--cached-only`: what this file imports to see whether JSR is cached must not reach for the network.
 */

/** Where `@std/*` comes from: JSR itself, or the stand-ins of this repository. */
type Source = "jsr" | "stand-in";

/** What `.deno/deps.json` remembers of the last run. */
interface Choice {
  readonly source: Source;
  /** Digest of all that the generated files were made from. */
  readonly inputs: string;
}

/** Longest wait for JSR's answer, in milliseconds. */
const JSR_TIMEOUT_MS = 3000;

const ROOT = new URL("../", import.meta.url);
const OUT = new URL(".deno/", ROOT);
const STAND_INS = new URL("scripts/std/", ROOT);

function readText(url: URL): string | undefined {
  try {
    return Deno.readTextFileSync(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Replaces a file in one step, so that tasks started at the same time never read half of it. */
function writeText(url: URL, text: string): void {
  const scratch = new URL(`${url.href}.${Deno.pid}`);
  Deno.writeTextFileSync(scratch, text);
  Deno.renameSync(scratch, url);
}

async function digest(parts: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hash.toHex();
}

/** The modules of each stand-in package: `{ async: ["channel", "delay"], ... }`. */
function standIns(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { name, isDirectory } of Deno.readDirSync(STAND_INS)) {
    if (!isDirectory) continue;
    const files = [...Deno.readDirSync(new URL(`${name}/`, STAND_INS))]
      .map((file) => file.name)
      .filter((file) =>
        /^[a-z].*\.ts$/.test(file) && !file.endsWith("_test.ts")
      )
      .map((file) => file.slice(0, -".ts".length));
    found.set(name, files.sort());
  }
  return found;
}

/**
 * The import map for one source. An import map, unlike deno.json, must spell out what a package's name leads to; of
 * `@std` those modules alone that both sources have.
 */
function importMap(
  imports: Readonly<Record<string, string>>,
  packages: ReadonlyMap<string, readonly string[]>,
  source: Source,
): Record<string, string> {
  const map: Record<string, string> = {};
  for (const [name, target] of Object.entries(imports)) {
    const folder = name.startsWith("@std/") ? name.slice("@std/".length) : "";
    const files = packages.get(folder);
    if (files === undefined) {
      map[name] = target;
      map[`${name}/`] = `${target.replace(/^(npm|jsr):/, "$1:/")}/`;
      continue;
    }
    for (const file of files) {
      const subpath = file.replaceAll("_", "-");
      map[`${name}/${subpath}`] = source === "jsr"
        ? `${target}/${subpath}`
        : `../scripts/std/${folder}/${file}.ts`;
    }
  }
  return map;
}

/** Whether every module can be loaded without the network. */
async function isCached(modules: readonly string[]): Promise<boolean> {
  const loads = modules.map((module) => import(module));
  return (await Promise.allSettled(loads)).every(({ status }) =>
    status === "fulfilled"
  );
}

/** Whether JSR answers in time, and with a package's list of versions rather than a firewall's page. */
async function answers(modules: readonly string[]): Promise<boolean> {
  const name = modules[0]?.match(/^jsr:(@[^/]+\/[^@/]+)/)?.[1];
  const host = Deno.env.get("JSR_URL") ?? "https://jsr.io/";
  try {
    const response = await fetch(new URL(`${name}/meta.json`, host), {
      signal: AbortSignal.timeout(JSR_TIMEOUT_MS),
    });
    const meta: unknown = await response.json();
    return response.ok && typeof meta === "object" && meta !== null &&
      "versions" in meta;
  } catch {
    return false;
  }
}

/** Brings `.deno/` up to date. Returns a sentence when a new choice was made. */
async function prepare(again: boolean): Promise<string | undefined> {
  const config = readText(new URL("deno.json", ROOT)) ?? "{}";
  const lock = readText(new URL("deno.lock", ROOT));
  const packages = standIns();
  const { imports } = JSON.parse(config) as { imports: Record<string, string> };
  const inputs = await digest([
    JSON.stringify(imports),
    lock ?? "",
    JSON.stringify([...packages]),
    readText(new URL(import.meta.url)) ?? "",
  ]);

  const remembered = readText(new URL("deps.json", OUT));
  const last = remembered === undefined || again
    ? undefined
    : JSON.parse(remembered) as Choice;
  const isComplete = readText(new URL("imports.json", OUT)) !== undefined &&
    (lock === undefined || readText(new URL("deno.lock", OUT)) !== undefined);
  if (last?.inputs === inputs && isComplete) return undefined;

  const jsr = importMap(imports, packages, "jsr");
  const modules = Object.values(jsr).filter((target) =>
    target.startsWith("jsr:")
  );
  const source = last?.source ??
    (await isCached(modules) || await answers(modules) ? "jsr" : "stand-in");
  const map = source === "jsr" ? jsr : importMap(imports, packages, source);

  Deno.mkdirSync(OUT, { recursive: true });
  writeText(
    new URL("imports.json", OUT),
    JSON.stringify({ imports: map }, null, 2) + "\n",
  );
  if (lock !== undefined) writeText(new URL("deno.lock", OUT), lock);
  writeText(
    new URL("deps.json", OUT),
    JSON.stringify({ source, inputs } satisfies Choice) + "\n",
  );
  if (last !== undefined) return undefined;
  return source === "jsr"
    ? "@std comes from JSR"
    : "@std comes from scripts/std: JSR is neither reachable nor cached (deno task deps --again asks once more)";
}

if (import.meta.main) {
  const message = await prepare(Deno.args.includes("--again"));
  // deno-lint-ignore no-console
  if (message !== undefined) console.error(message);
  // A look-up that still hangs in the resolver must not hold the task up.
  Deno.exit(0);
}
