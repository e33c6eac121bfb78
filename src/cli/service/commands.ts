// The service commands: have systemd run the broker.

import { type Command, commandGroup } from "../../terminal/command.ts";
import { SERVICE_INSTALL_FLAGS } from "./flags.ts";

/** The service commands by name. */
const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["install", {
    summary: "have systemd start the broker now and at each boot",
    usage: "service install [FLAGS]",
    about:
      "Makes a user mailboxqtt, the folder /etc/mailboxqtt with a first configuration where there is none, and a " +
      "systemd unit that runs this program, and starts it. Run again, it puts the unit right, as after an update.",
    flags: SERVICE_INSTALL_FLAGS,
    run: async (args) => (await import("./service.ts")).serviceInstall(args),
  }],
  ["uninstall", {
    summary: "stop the broker, and have systemd start it no more",
    usage: "service uninstall",
    about:
      "Stops the broker and removes the unit. Configuration and data stay, and it says where.",
    flags: [],
    run: async (args) => (await import("./service.ts")).serviceUninstall(args),
  }],
  ["status", {
    summary: "say what systemd knows of the broker, and the broker of itself",
    usage: "service status",
    about:
      "Shows in a few lines whether the broker runs, since when, and how it is. Ends with status 0 if it runs.",
    flags: [],
    run: async (args) => (await import("./service.ts")).serviceStatus(args),
  }],
]);

/** The command `service`, which needs the name of another one behind it. */
export const SERVICE_COMMAND: Command = commandGroup(
  "service",
  "have systemd run the broker",
  COMMANDS,
);
