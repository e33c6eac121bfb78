import type { BuildInfo } from "../../src/terminal/build_info.ts";
import { WORKERS } from "./bundle.ts";
import { ROOT, runCommand } from "./run_command.ts";
import type { Target } from "./targets.ts";

/** What `deno info --json` tells, as far as it matters here. */
interface ModuleGraph {
  readonly modules: readonly { readonly specifier: string }[];
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** What it needs, by the keys of the graph's packages. */
  readonly dependencies: readonly string[];
  /** The folder in which it lies here. */
  readonly localPath: string;
}

/** What the lock file tells of packages. */
interface LockFile {
  readonly npm: Readonly<Record<string, { readonly integrity?: string }>>;
  readonly jsr?: Readonly<Record<string, { readonly integrity?: string }>>;
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
  readonly licenses?: readonly { readonly expression: string }[];
}

/** All packages that are in the program. */
export interface Packages {
  /** In the order of their addresses. */
  readonly components: readonly Component[];
  /** The references of those that the program itself names. */
  readonly direct: readonly string[];
  /** What each needs, by references. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
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

/** The packages that the program itself uses, and theirs, by what the lock file holds them to. */
export async function packagesOfTheProgram(): Promise<Packages> {
  const lock: LockFile = JSON.parse(
    await Deno.readTextFile(`${ROOT}.deno/deno.lock`),
  );
  const components = new Map<string, Component>();
  const dependencies = new Map<string, readonly string[]>();
  const direct = new Set<string>();

  const addNpm = async (graph: ModuleGraph, id: string): Promise<void> => {
    const found = graph.npmPackages[id];
    if (found === undefined || isTypesOnly(found)) return;
    const ref = npmAddress(found);
    if (components.has(ref)) return;
    components.set(ref, await npmComponent(found, lock.npm[id]?.integrity));
    const needed = found.dependencies.filter((one) =>
      graph.npmPackages[one] !== undefined &&
      !isTypesOnly(graph.npmPackages[one])
    );
    dependencies.set(
      ref,
      needed.map((one) => npmAddress(graph.npmPackages[one]!)).sort(),
    );
    for (const one of needed) await addNpm(graph, one);
  };

  for (const entry of ["main.ts", ...WORKERS]) {
    const graph = await moduleGraph(entry);
    for (const { specifier } of graph.modules) {
      const [, npm] = /^npm:\/(.+)$/.exec(specifier) ?? [];
      const [, jsr] = /^https:\/\/jsr\.io\/(@[^/]+\/[^/]+\/[^/]+)\//
        .exec(specifier) ?? [];
      if (npm !== undefined) {
        await addNpm(graph, npm);
        const found = graph.npmPackages[npm];
        if (found && !isTypesOnly(found)) direct.add(npmAddress(found));
      } else if (jsr !== undefined) {
        const component = jsrComponent(jsr, lock);
        components.set(component.purl, component);
        direct.add(component.purl);
      }
    }
  }
  return {
    components: [...components.values()].sort((one, other) =>
      one.purl < other.purl ? -1 : 1
    ),
    direct: [...direct].sort(),
    dependencies,
  };
}

/** Whether there is nothing in it that runs. */
function isTypesOnly({ name }: NpmPackage): boolean {
  return name.startsWith("@types/");
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

/** A package's address, by which the bill refers to it. */
function npmAddress({ name, version }: NpmPackage): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

async function npmComponent(
  found: NpmPackage,
  integrity: string | undefined,
): Promise<Component> {
  const purl = npmAddress(found);
  const [, digest] = integrity?.match(/^sha512-(.+)$/) ?? [];
  const { license } = JSON.parse(
    await Deno.readTextFile(`${found.localPath}/package.json`),
  );
  return {
    type: "library",
    "bom-ref": purl,
    name: found.name,
    version: found.version,
    purl,
    ...digest === undefined ? {} : {
      hashes: [{
        alg: "SHA-512",
        content: Uint8Array.fromBase64(digest).toHex(),
      }],
    },
    ...typeof license === "string"
      ? { licenses: [{ expression: license }] }
      : {},
  };
}

/** A package of JSR, by its name and version with a slash between them. */
function jsrComponent(path: string, lock: LockFile): Component {
  const [scope, name, version] = path.split("/");
  const purl = `pkg:jsr/${scope!.replace("@", "%40")}/${name}@${version}`;
  const digest = lock.jsr?.[`${scope}/${name}@${version}`]?.integrity;
  return {
    type: "library",
    "bom-ref": purl,
    name: `${scope}/${name}`,
    version: version!,
    purl,
    ...digest === undefined
      ? {}
      : { hashes: [{ alg: "SHA-256", content: digest }] },
  };
}

/** The software bill of materials of a program, in CycloneDX 1.6. */
export function billOfMaterials(
  { version, build, target, deno, sha256 }: ProgramInfo,
  { components, direct, dependencies }: Packages,
): object {
  const purl = `pkg:generic/mailboxqtt@${version}?target=${target}`;
  const runtime: Component = {
    type: "platform",
    "bom-ref": `pkg:github/denoland/deno@v${deno}`,
    name: "deno",
    version: deno,
    purl: `pkg:github/denoland/deno@v${deno}`,
    licenses: [{ expression: "MIT" }],
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
        licenses: [{ expression: "MIT" }],
        properties: [{ name: "mailboxqtt:commit", value: build.commit }],
      },
    },
    components: [runtime, ...components],
    dependencies: [
      { ref: purl, dependsOn: [runtime["bom-ref"], ...direct] },
      { ref: runtime["bom-ref"] },
      ...components.map(({ "bom-ref": ref }) => ({
        ref,
        dependsOn: dependencies.get(ref) ?? [],
      })),
    ],
  };
}
