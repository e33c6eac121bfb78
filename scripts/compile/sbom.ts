import type { BuildInfo } from "../../src/cli/build_info.ts";
import { WORKERS } from "./bundle.ts";
import { ROOT, runCommand } from "./run_command.ts";
import type { Target } from "./targets.ts";

/** What `deno info --json` tells, as far as it matters here. */
interface ModuleGraph {
  readonly modules: readonly { readonly specifier: string }[];
  readonly npmPackages: Readonly<
    Record<string, {
      readonly name: string;
      readonly version: string;
      readonly dependencies: readonly string[];
    }>
  >;
}

/** What the lock file tells of packages. */
interface LockFile {
  readonly npm: Readonly<Record<string, { readonly integrity?: string }>>;
}

/** One package in the program. */
interface Component {
  readonly type: "library" | "platform";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly {
    readonly alg: string;
    readonly content: string;
  }[];
}

/** What a program is to be listed by. */
export interface ProgramInfo {
  /** Its version. */
  readonly version: string;
  /** From which commit it is. */
  readonly build: BuildInfo;
  /** What it is made for. */
  readonly target: Target;
  /** The version of Deno that runs it. */
  readonly deno: string;
  /** The SHA-256 of its file, in hexadecimal digits. */
  readonly sha256: string;
}

/** The packages from npm that the program itself uses, and theirs, by what the lock file holds them to. */
export async function npmComponents(): Promise<Component[]> {
  const lock: LockFile = JSON.parse(
    await Deno.readTextFile(`${ROOT}.deno/deno.lock`),
  );
  const found = new Map<string, Component>();
  for (const entry of ["main.ts", ...WORKERS]) {
    const graph = await moduleGraph(entry);
    const waiting = graph.modules.flatMap(({ specifier }) =>
      specifier.startsWith("npm:/") ? [specifier.slice("npm:/".length)] : []
    );
    // Grows while it is walked.
    for (const id of waiting) {
      const known = graph.npmPackages[id];
      if (known === undefined || known.name.startsWith("@types/")) continue;
      if (found.has(id)) continue;
      const { name, version, dependencies } = known;
      found.set(id, component(name, version, lock.npm[id]?.integrity));
      waiting.push(...dependencies);
    }
  }
  return [...found.values()].sort((one, other) =>
    one.purl < other.purl ? -1 : 1
  );
}

async function moduleGraph(entry: string): Promise<ModuleGraph> {
  return JSON.parse(
    await runCommand(Deno.execPath(), [
      "info",
      "--quiet",
      "--json",
      "--import-map=.deno/imports.json",
      "--lock=.deno/deno.lock",
      entry,
    ]),
  );
}

function component(
  name: string,
  version: string,
  integrity: string | undefined,
): Component {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const [, digest] = integrity?.match(/^sha512-(.+)$/) ?? [];
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    ...digest === undefined ? {} : {
      hashes: [{
        alg: "SHA-512",
        content: Uint8Array.fromBase64(digest).toHex(),
      }],
    },
  };
}

/** The software bill of materials of a program, in CycloneDX 1.6. */
export function billOfMaterials(
  { version, build, target, deno, sha256 }: ProgramInfo,
  components: readonly Component[],
): object {
  const purl = `pkg:generic/mailboxqtt@${version}?target=${target}`;
  const runtime: Component = {
    type: "platform",
    "bom-ref": `pkg:github/denoland/deno@v${deno}`,
    name: "deno",
    version: deno,
    purl: `pkg:github/denoland/deno@v${deno}`,
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: `${build.date}T00:00:00Z`,
      component: {
        type: "application",
        "bom-ref": purl,
        name: "mailboxqtt",
        version,
        purl,
        hashes: [{ alg: "SHA-256", content: sha256 }],
        licenses: [{ license: { id: "MIT" } }],
        properties: [{ name: "mailboxqtt:commit", value: build.commit }],
      },
    },
    components: [runtime, ...components],
    dependencies: [{
      ref: purl,
      dependsOn: [runtime, ...components].map((one) => one["bom-ref"]),
    }],
  };
}
