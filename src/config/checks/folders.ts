import { isSocket } from "../../transport/protocols.ts";
import { dirname, join } from "node:path";
import { describeError } from "../../core/errors.ts";
import {
  CONTROL_SOCKET,
  dataLocation,
  processEnvironment,
} from "../settings/data_folder.ts";
import { type Fault, type Origin, subjectOf } from "../given/fault.ts";
import type { Origins } from "../given/origins.ts";
import { type Settings, unusablePolicy } from "../settings/settings.ts";
import { SETTINGS } from "../settings/table.ts";

/** Most bytes of a Unix socket's path on Linux. */
const LONGEST_SOCKET = 107;

/** Says what keeps the broker from using its data folder, and from making its sockets. */
export async function checkFolders(
  settings: Settings,
  origins: Origins,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const at = origins.of(SETTINGS.data);
  const place = dataLocation(settings.data, processEnvironment);
  if (place.type === "nowhere" && unusablePolicy(settings) === "stop") {
    const { requireStore, whenStoreUnusable } = SETTINGS;
    const setting = settings.requireStore ? requireStore : whenStoreUnusable;
    const required = origins.of(setting);
    const what = `${subjectOf(required, setting.name)} needs ` +
      "a folder, and nothing says which";
    faults.push({ place: required, what, allowed: "add data = FOLDER" });
  }
  if (place.type === "folder") {
    const { folder } = place;
    const reason = await unusableFolder(folder, true);
    const subject = subjectOf(at, SETTINGS.data.name);
    if (reason !== undefined) {
      faults.push({
        place: at,
        what: `${subject} cannot be ${folder}: ${reason}`,
      });
    } else {
      faults.push(
        ...await checkSocket(join(folder, CONTROL_SOCKET), at, subject, true),
      );
    }
  }
  for (const plan of settings.listeners) {
    const { address } = plan.transport;
    if (!isSocket(address)) continue;
    const place = origins.inListener(plan, "url");
    const subject = subjectOf(place, "listener.url");
    faults.push(...await checkSocket(address.path, place, subject, false));
  }
  return faults;
}

/** Why a folder cannot be used, which perhaps may be made where there is one to make it in. */
async function unusableFolder(
  folder: string,
  mayBeMade: boolean,
): Promise<string | undefined> {
  for (let path = folder;; path = dirname(path)) {
    try {
      if (!(await Deno.stat(path)).isDirectory) {
        return path === folder ? "it is no folder" : `${path} is no folder`;
      }
      // What may be done there, and whether there is room, is best found out by doing it.
      await Deno.remove(
        await Deno.makeTempFile({ dir: path, prefix: ".mailboxqtt-check-" }),
      );
      return undefined;
    } catch (error) {
      const isMissing = error instanceof Deno.errors.NotFound;
      if (isMissing && !mayBeMade) return `${path} is not there`;
      if (isMissing && path !== dirname(path)) continue;
      if (error instanceof Deno.errors.NotADirectory) {
        return `${dirname(path)} is no folder`;
      }
      return `${path} cannot be written to: ${describeError(error)}`;
    }
  }
}

async function checkSocket(
  path: string,
  place: Origin,
  subject: string,
  mayMakeFolder: boolean,
): Promise<Fault[]> {
  if (new TextEncoder().encode(path).length > LONGEST_SOCKET) {
    return [{
      place,
      what: `${subject} makes the path of a socket too long: ${path}`,
      allowed: `${LONGEST_SOCKET} bytes are allowed`,
    }];
  }
  try {
    if ((await Deno.lstat(path)).isSocket) return [];
    return [{
      place,
      what: `${subject} needs a socket at ${path}, where something else is`,
      allowed: "move that away",
    }];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      const what = `${subject} needs a socket at ${path}: ${
        describeError(error)
      }`;
      return [{ place, what }];
    }
  }
  const folder = dirname(path);
  const reason = await unusableFolder(folder, mayMakeFolder);
  return reason === undefined
    ? []
    : [{ place, what: `${subject} needs a socket at ${path}: ${reason}` }];
}
