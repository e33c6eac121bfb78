import type { FlagInfo } from "../../terminal/flags.ts";

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
