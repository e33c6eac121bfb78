import { describeError } from "../../core/errors.ts";
import { type Fault, type Origin, subjectOf } from "../given/fault.ts";
import type { Origins } from "../given/origins.ts";
import type { Settings } from "../settings/settings.ts";
import { SETTINGS } from "../settings/table.ts";

/** A file that a setting names. */
interface NamedFile {
  readonly name: string;
  readonly place: Origin;
  readonly path: string;
  /** What makes such a file. */
  readonly maker: string | undefined;
}

const TLS_INIT = "mailboxqtt tls init makes one";

/** Says which of the files that settings name are not there, or cannot be read. */
export async function checkFiles(
  settings: Settings,
  origins: Origins,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const file of namedFiles(settings, origins)) {
    // Listeners often have the same ones.
    const id = JSON.stringify([file.place, file.path]);
    if (seen.has(id)) continue;
    seen.add(id);
    const fault = await checkFile(file);
    if (fault !== undefined) faults.push(fault);
  }
  return faults;
}

function* namedFiles(
  settings: Settings,
  origins: Origins,
): Generator<NamedFile> {
  for (const plan of settings.listeners) {
    const { tls } = plan.transport;
    const files: [string, string | undefined, string?][] = [
      ["certificate", tls?.certificate, TLS_INIT],
      ["key", tls?.key, TLS_INIT],
      ["client_authority", tls?.clientAuthority, TLS_INIT],
      ["revocation_list", tls?.revocationList],
      ["users", plan.users, "mailboxqtt passwd FILE NAME makes one"],
    ];
    for (const [name, path, maker] of files) {
      if (path === undefined) continue;
      const place = origins.inListener(plan, name);
      // Those of all listeners stand outside of them.
      const isOwn = place !== origins.of(SETTINGS.users);
      yield { name: isOwn ? `listener.${name}` : name, place, path, maker };
    }
  }
  const { rules, metricsToken } = settings;
  if (metricsToken !== undefined) {
    const { name } = SETTINGS.metricsToken;
    const place = origins.of(SETTINGS.metricsToken);
    yield { name, place, path: metricsToken, maker: undefined };
  }
  if (rules !== undefined) {
    const { name } = SETTINGS.rules;
    const place = origins.of(SETTINGS.rules);
    yield { name, place, path: rules, maker: undefined };
  }
}

async function checkFile(
  { name, place, path, maker }: NamedFile,
): Promise<Fault | undefined> {
  const says = (reason: string, allowed?: string): Fault => ({
    place,
    what: `${subjectOf(place, name)} names ${path}, which ${reason}`,
    allowed,
  });
  try {
    if ((await Deno.stat(path)).isDirectory) {
      return says("is a folder", "the name of a file is needed");
    }
    using _ = await Deno.open(path);
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? says("is not there", maker)
      : says(`cannot be read: ${describeError(error)}`);
  }
}
