// The service commands. The only ones of the program that run others: systemctl, and useradd for the broker's user.

import { describeError, EXIT, StartError } from "../../core/errors.ts";
import { configReference } from "../../config/file/reference.ts";
import { parseFlags } from "../../terminal/flags.ts";
import { print } from "../../terminal/output.ts";
import { SERVICE_INSTALL_FLAGS } from "./flags.ts";
import {
  CONFIG_FOLDER,
  SERVICE_DATA,
  SERVICE_USER,
  SYSTEM_FILE,
} from "../../config/settings/service_paths.ts";
import { serviceUnit } from "./unit.ts";

const UNIT = "mailboxqtt.service";
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;
/** There where systemd runs (sd_booted(3)). */
const BOOTED = "/run/systemd/system";

/** The command `service install`. */
export async function serviceInstall(args: readonly string[]): Promise<number> {
  const { switches } = parseFlags(args, SERVICE_INSTALL_FLAGS);
  const unit = serviceUnit(Deno.execPath());
  if (switches.has("print")) {
    print(unit);
    return EXIT.ok;
  }
  if (!Deno.build.standalone) {
    throw new StartError(
      "Cannot install what runs from its source: compile it with deno task compile, and run that",
    );
  }
  await requireSystemd("install", "--print shows the unit for other systems");
  const { uid, gid } = await ensureUser();
  await ensureConfig(uid, gid);
  await write(UNIT_FILE, unit);
  await systemctl("daemon-reload");
  await systemctl("enable", UNIT);
  // Not --now: what runs already is to be the program that was installed.
  await systemctl("restart", UNIT);
  print(`The broker runs, and starts with each boot.

  configuration  ${SYSTEM_FILE}
  data           ${SERVICE_DATA}
  state          mailboxqtt service status
  log            journalctl -u mailboxqtt -f
  after changes  systemctl reload mailboxqtt

It listens on this machine only until ${SYSTEM_FILE} says more; begin with
  mailboxqtt passwd ${CONFIG_FOLDER}/users NAME
`);
  return EXIT.ok;
}

/** The command `service uninstall`. */
export async function serviceUninstall(
  args: readonly string[],
): Promise<number> {
  parseFlags(args, []);
  await requireSystemd("uninstall", "there is nothing to take back");
  if (!await exists(UNIT_FILE)) {
    throw new StartError(`Cannot uninstall: there is no ${UNIT_FILE}`);
  }
  await systemctl("disable", "--now", UNIT);
  await Deno.remove(UNIT_FILE);
  await systemctl("daemon-reload");
  print(`The broker is stopped, and does not start again. What it leaves:

  configuration  ${CONFIG_FOLDER}
  data           ${SERVICE_DATA}
  user           ${SERVICE_USER}
`);
  return EXIT.ok;
}

/** The command `service status`. */
export async function serviceStatus(args: readonly string[]): Promise<number> {
  parseFlags(args, []);
  const properties = [
    "LoadState",
    "ActiveState",
    "SubState",
    "StatusText",
    "ActiveEnterTimestamp",
    "NRestarts",
    "UnitFileState",
  ];
  const text = await systemctl(
    "show",
    UNIT,
    `--property=${properties.join(",")}`,
  );
  const found = new Map(
    text.split("\n").map((line) => {
      const [, name = "", value = ""] = /^([^=]*)=(.*)$/.exec(line) ?? [];
      return [name, value] as const;
    }),
  );
  const value = (name: string) => found.get(name) ?? "";
  if (value("LoadState") !== "loaded") {
    print(
      "The service is not installed: mailboxqtt service install does that\n",
    );
    return 1;
  }
  const state = value("ActiveState");
  const lines = [
    `${state} (${value("SubState")})${
      value("ActiveEnterTimestamp") === ""
        ? ""
        : ` since ${value("ActiveEnterTimestamp")}`
    }`,
    value("UnitFileState") === "enabled"
      ? "It starts with each boot"
      : "It does not start by itself: systemctl enable mailboxqtt",
  ];
  if (value("StatusText") !== "") lines.push(value("StatusText"));
  if (Number(value("NRestarts")) > 0) {
    lines.push(
      `It was started again ${
        value("NRestarts")
      } times: journalctl -u mailboxqtt says why`,
    );
  }
  print(`${lines.join("\n")}\n`);
  return state === "active" ? EXIT.ok : 1;
}

/** Refuses what needs systemd, or root's rights, where they are not there. */
async function requireSystemd(what: string, otherwise: string): Promise<void> {
  if (!await exists(BOOTED)) {
    throw new StartError(
      `Cannot ${what} the service: no systemd runs here; ${otherwise}`,
    );
  }
  if (Deno.uid() !== 0) {
    throw new StartError(
      `Cannot ${what} the service: only root may, as with sudo mailboxqtt service ${what}`,
    );
  }
}

/** The broker's user and group, made where they are missing. */
async function ensureUser(): Promise<{ uid: number; gid: number }> {
  const known = await findUser();
  if (known !== undefined) return known;
  await run("useradd", [
    "--system",
    "--user-group",
    "--no-create-home",
    `--home-dir=${SERVICE_DATA}`,
    "--shell=/usr/sbin/nologin",
    SERVICE_USER,
  ]);
  const made = await findUser();
  if (made === undefined) {
    throw new StartError(`Cannot find the user ${SERVICE_USER}`);
  }
  return made;
}

async function findUser(): Promise<{ uid: number; gid: number } | undefined> {
  const line = (await Deno.readTextFile("/etc/passwd")).split("\n").find((
    line,
  ) => line.startsWith(`${SERVICE_USER}:`));
  if (line === undefined) return undefined;
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/** The folder that the broker's user may read, with a first configuration; what is there stays. */
async function ensureConfig(uid: number, gid: number): Promise<void> {
  try {
    await Deno.mkdir(CONFIG_FOLDER, { recursive: true, mode: 0o750 });
    await Deno.chown(CONFIG_FOLDER, uid, gid);
    if (await exists(SYSTEM_FILE)) return;
    await Deno.writeTextFile(SYSTEM_FILE, configReference(), { mode: 0o640 });
    await Deno.chown(SYSTEM_FILE, uid, gid);
  } catch (error) {
    throw new StartError(
      `Cannot write the configuration: ${describeError(error)}`,
    );
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { mode: 0o644 });
  } catch (error) {
    throw new StartError(`Cannot write ${path}: ${describeError(error)}`);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

function systemctl(...args: string[]): Promise<string> {
  return run("systemctl", args);
}

/** Runs a program and returns what it writes; what it says of a failure is passed on. */
async function run(name: string, args: readonly string[]): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(name, { args: [...args] }).output();
  } catch (error) {
    throw new StartError(`Cannot run ${name}: ${describeError(error)}`);
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (output.success) return text(output.stdout);
  throw new StartError(
    `Cannot go on: ${[name, ...args].join(" ")} says: ${
      text(output.stderr).trim()
    }`,
  );
}
