// The tls commands: a private authority and the certificates that it signs. Read certificate_folder.ts next.

import { type Command, commandGroup } from "../../terminal/command.ts";
import { TLS_DEVICE_FLAGS, TLS_INIT_FLAGS, TLS_REVOKE_FLAGS } from "./flags.ts";

/** The tls commands by name. */
const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["init", {
    summary: "make an authority, and a certificate for this host",
    usage: "tls init [FLAGS]",
    about:
      "Makes an authority of your own and, signed by it, a certificate for this host's names and addresses. Run " +
      "again, it keeps the authority and makes the server's certificate anew; a broker that runs takes it up " +
      "by itself.",
    flags: TLS_INIT_FLAGS,
    run: async (args) => (await import("./certificates.ts")).tlsInit(args),
  }],
  ["device", {
    summary: "make a certificate for a device",
    usage: "tls device NAME [FLAGS]",
    about:
      "Makes a certificate with which a device shows that it is NAME, and its key.",
    flags: TLS_DEVICE_FLAGS,
    run: async (args) => (await import("./certificates.ts")).tlsDevice(args),
  }],
  ["revoke", {
    summary: "take a device's certificate back",
    usage: "tls revoke NAME [FLAGS]",
    about:
      "Puts a device's certificate on the revocation list; a broker that runs takes it up by itself. A new one " +
      "may be made for NAME then.",
    flags: TLS_REVOKE_FLAGS,
    run: async (args) => (await import("./certificates.ts")).tlsRevoke(args),
  }],
]);

/** The command `tls`, which needs the name of another one behind it. */
export const TLS_COMMAND: Command = commandGroup(
  "tls",
  "make certificates for this host and for devices",
  COMMANDS,
);
