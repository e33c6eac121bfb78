// The tls commands: a private authority and the certificates that it signs. Read certificate_folder.ts next.

import type { Command } from "./command.ts";
import { usageError } from "./flags.ts";
import { commandHelp, table } from "./help.ts";
import {
  TLS_DEVICE_FLAGS,
  TLS_INIT_FLAGS,
  TLS_REVOKE_FLAGS,
} from "./tls_flags.ts";

/** The tls commands by name. */
const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["init", {
    summary: "make an authority, and a certificate for this host",
    help: () =>
      commandHelp(
        "tls init [FLAGS]",
        "Makes an authority of your own and, signed by it, a certificate for this host's names and addresses. Run " +
          "again, it keeps the authority and makes the server's certificate anew; a broker that runs takes it up " +
          "by itself.",
        TLS_INIT_FLAGS,
      ),
    run: async (args) => (await import("./tls_commands.ts")).tlsInit(args),
  }],
  ["device", {
    summary: "make a certificate for a device",
    help: () =>
      commandHelp(
        "tls device NAME [FLAGS]",
        "Makes a certificate with which a device shows that it is NAME, and its key.",
        TLS_DEVICE_FLAGS,
      ),
    run: async (args) => (await import("./tls_commands.ts")).tlsDevice(args),
  }],
  ["revoke", {
    summary: "take a device's certificate back",
    help: () =>
      commandHelp(
        "tls revoke NAME [FLAGS]",
        "Puts a device's certificate on the revocation list; a broker that runs takes it up by itself. A new one " +
          "may be made for NAME then.",
        TLS_REVOKE_FLAGS,
      ),
    run: async (args) => (await import("./tls_commands.ts")).tlsRevoke(args),
  }],
]);

/** The command `tls`, which needs the name of another one behind it. */
export const TLS: Command = {
  summary: "make certificates for this host and for devices",
  help: () =>
    `Usage: mailboxqtt tls COMMAND [FLAGS]\n\nCommands:\n${
      table([...COMMANDS].map(([name, { summary }]) => [name, summary]))
    }\nmailboxqtt tls COMMAND --help lists the flags of a command.\n`,
  run: () => {
    throw usageError(
      "Command tls needs another one behind it: init, device or revoke",
    );
  },
  commands: COMMANDS,
};
