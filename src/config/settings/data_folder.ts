/** A variable of the environment with which systemd, or the user's session, says something to a program. */
export type StateVariable =
  | "STATE_DIRECTORY"
  | "RUNTIME_DIRECTORY"
  | "XDG_STATE_HOME"
  | "XDG_RUNTIME_DIR"
  | "HOME"
  | "JOURNAL_STREAM"
  | "LISTEN_FDS"
  | "LISTEN_PID"
  | "NOTIFY_SOCKET"
  | "WATCHDOG_USEC"
  | "WATCHDOG_PID";

/** Reads a variable of the environment; `undefined` where it is not set. */
export type Environment = (name: StateVariable) => string | undefined;

/** Where sessions and messages are kept. */
export type DataLocation =
  /** In this folder. */
  | { readonly type: "folder"; readonly folder: string }
  /** In memory, as asked for. */
  | { readonly type: "memory" }
  /** In memory, since nothing says where. */
  | { readonly type: "nowhere"; readonly reason: string };

/** Where things are kept without `--data`, in words. */
export const DEFAULT_DATA =
  "$STATE_DIRECTORY, else $XDG_STATE_HOME/mailboxqtt, else ~/.local/state/mailboxqtt";

/** The control socket's name in its folder. */
export const CONTROL_SOCKET = "control.sock";

/** Where the control socket is without `--control`, in words. */
export const DEFAULT_CONTROL =
  `${CONTROL_SOCKET} in the data folder; without one in $RUNTIME_DIRECTORY, else in $XDG_RUNTIME_DIR/mailboxqtt`;

/** Where to keep things, as the value of `--data` says; where it is not given, as the environment does. */
export function dataLocation(
  given: string | undefined,
  environment: Environment,
): DataLocation {
  if (given === "none") return { type: "memory" };
  const folder = given ?? defaultFolder(environment);
  if (folder !== undefined) return { type: "folder", folder };
  const reason =
    "Cannot tell where to keep sessions and messages: neither --data nor HOME is set";
  return { type: "nowhere", reason };
}

/** The folder that systemd has made for the program, else one in the user's home. */
function defaultFolder(environment: Environment): string | undefined {
  // Several are separated by colons.
  const systemd = environment("STATE_DIRECTORY")?.split(":")[0];
  if (systemd) return systemd;
  const state = environment("XDG_STATE_HOME");
  // Relative paths are to be ignored there.
  if (state?.startsWith("/")) return `${state}/mailboxqtt`;
  const home = environment("HOME");
  return home ? `${home}/.local/state/mailboxqtt` : undefined;
}

/** The environment of this process, as far as it may be read. */
export function processEnvironment(
  name: StateVariable,
): string | undefined {
  // Asked first, since asking for what is not granted would stop and ask the user.
  const query = { name: "env", variable: name } as const;
  return Deno.permissions.querySync(query).state === "granted"
    ? Deno.env.get(name)
    : undefined;
}

/** The folder for the sockets of programs that run, where the environment names one. */
export function runtimeFolder(): string | undefined {
  const systemd = processEnvironment("RUNTIME_DIRECTORY")?.split(":")[0];
  if (systemd) return systemd;
  const user = processEnvironment("XDG_RUNTIME_DIR");
  return user?.startsWith("/") ? `${user}/mailboxqtt` : undefined;
}

/** Where a broker that keeps things in this folder, or in memory, has its control socket. */
export function controlSocket(folder: string | undefined): string | undefined {
  const place = folder ?? runtimeFolder();
  return place === undefined ? undefined : `${place}/${CONTROL_SOCKET}`;
}
