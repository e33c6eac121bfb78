import type { FlagInfo } from "../../terminal/flags.ts";

/** How the command `import` is called. */
export const IMPORT_USAGE = "import FILE [FLAGS]";

/** What it does. */
export const IMPORT_ABOUT: string =
  "Reads a mosquitto.conf with what it includes, and the password and ACL files that it names; those can stay as they " +
  "are. Shows what is taken over, what is changed and how, and what is not supported and what to do instead, and " +
  "writes a configuration file. Nothing of mosquitto is changed.";

/** The configuration file that is written without `--out`. */
export const DEFAULT_OUT = "mailboxqtt.toml";

/** The flags of `import`. */
export const IMPORT_FLAGS: readonly FlagInfo[] = [
  {
    name: "dry-run",
    help: "show the configuration, and write nothing",
  },
  {
    name: "out",
    value: "FILE",
    example: "/etc/mailboxqtt/mailboxqtt.toml",
    help: "the file to write, which must not be there yet",
    defaultText: DEFAULT_OUT,
  },
];
