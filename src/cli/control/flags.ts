import { askBroker } from "../../admin/ask_broker.ts";
import {
  controlSocket,
  dataLocation,
  DEFAULT_CONTROL,
  processEnvironment,
} from "../../config/settings/data_folder.ts";
import type { FlagInfo, ParsedFlags } from "../../terminal/flags.ts";
import { SERVICE_SOCKET } from "../../config/settings/service_paths.ts";
import { DATA_FLAG } from "../store/flags.ts";

/** The flag that names the socket itself. */
export const CONTROL_FLAG: FlagInfo = {
  name: "control",
  value: "FILE",
  example: "/run/mailboxqtt/control.sock",
  help: "the control socket of the broker to ask",
  defaultText: DEFAULT_CONTROL,
};

/** The flags of every command that asks a broker that runs. */
export const ASK_FLAGS: readonly FlagInfo[] = [CONTROL_FLAG, DATA_FLAG];

/**
 * Asks the broker that the flags name, or else the one that is started without flags.
 *
 * @throws {StartError} If none answers, or it cannot do what is asked for.
 */
export async function ask(
  { values }: ParsedFlags,
  command: string,
  request: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const path = values.get("control")?.[0] ??
    await findSocket(values.get("data")?.[0]);
  return await askBroker(path, { ...request, command });
}

/** The socket in the data folder, or where there is none, in the folder for sockets, or the service's. */
async function findSocket(data: string | undefined): Promise<string> {
  const place = dataLocation(data, processEnvironment);
  const candidates = [
    place.type === "folder" ? controlSocket(place.folder) : undefined,
    controlSocket(undefined),
    SERVICE_SOCKET,
  ].filter((path) => path !== undefined);
  for (const path of candidates) {
    try {
      await Deno.lstat(path);
      return path;
    } catch (error) {
      // Where it may not be looked at, asking says why.
      if (!(error instanceof Deno.errors.NotFound)) return path;
    }
  }
  return candidates[0]!;
}
