import type { Log } from "../core/log.ts";
import type { InheritedSockets } from "../transport/socket/inherited_sockets.ts";
import { processEnvironment } from "../config/settings/data_folder.ts";

/**
 * The sockets that systemd, or another one that does as it does (sd_listen_fds(3)), has passed to this process;
 * `undefined` where there are none.
 */
export async function passedSockets(
  log: Log,
): Promise<InheritedSockets | undefined> {
  const count = Number(processEnvironment("LISTEN_FDS"));
  // They may have been meant for the one who started this process.
  const isOurs = processEnvironment("LISTEN_PID") === String(Deno.pid);
  if (!isOurs || !Number.isInteger(count) || count < 1) return undefined;
  const { InheritedSockets } = await import(
    "../transport/socket/inherited_sockets.ts"
  );
  return await InheritedSockets.open(count, log);
}
