import { describeError } from "../../core/errors.ts";
import type { ListenerSettings } from "../../transport/listener_settings.ts";
import type { Fault, Origin } from "../given/fault.ts";
import type { Origins } from "../given/origins.ts";
import type { ListenerPlan, Settings } from "../settings/settings.ts";

/** The files of a listener's TLS, and the settings that name them. */
const FILES = {
  certificate: "certificate",
  key: "key",
  clientAuthority: "client_authority",
  revocationList: "revocation_list",
} as const satisfies Partial<
  Record<keyof NonNullable<ListenerSettings["tls"]>, string>
>;

/** Says what is wrong with certificates, keys, authorities and revocation lists. What cannot be read is told elsewhere. */
export async function checkTls(
  { listeners }: Settings,
  origins: Origins,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const plan of listeners) {
    const { tls } = plan.transport;
    if (tls === undefined) continue;
    const { loadTls, TlsFaults } = await import("../../transport/tls/load.ts");
    try {
      const loaded = await loadTls(tls);
      const { shakeHandsWithItself } = await import(
        "../../transport/tls/self_check.ts"
      );
      await shakeHandsWithItself(tls, loaded);
    } catch (error) {
      if (!(error instanceof TlsFaults)) {
        const place = origins.inListener(plan, "url");
        faults.push({ place, what: `${plan.url}: ${describeError(error)}` });
        continue;
      }
      for (const { file, message } of error.faults) {
        const place = placeOf(plan, file, origins);
        const what = `${file}: ${message}`;
        // Listeners often have the same ones.
        const id = JSON.stringify([place, what]);
        if (!seen.has(id) && await canBeRead(file)) {
          faults.push({ place, what });
        }
        seen.add(id);
      }
    }
  }
  return faults;
}

/** Where the setting stands that names a file. */
function placeOf(plan: ListenerPlan, file: string, origins: Origins): Origin {
  const { tls } = plan.transport;
  for (const [field, name] of Object.entries(FILES)) {
    if (tls?.[field as keyof typeof FILES] === file) {
      return origins.inListener(plan, name);
    }
  }
  return origins.inListener(plan, "url");
}

async function canBeRead(file: string): Promise<boolean> {
  try {
    using _ = await Deno.open(file);
    return true;
  } catch {
    return false;
  }
}
