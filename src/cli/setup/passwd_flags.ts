import type { FlagInfo } from "../../terminal/flags.ts";

/** How the command `passwd` is called. */
export const PASSWD_USAGE = "passwd FILE USER [FLAGS]";

/** The flags of `passwd`. */
export const PASSWD_FLAGS: readonly FlagInfo[] = [
  {
    name: "batch",
    help: "read the password from standard input, for scripts",
  },
  {
    name: "no-scram",
    help:
      "keep no keys for SCRAM-SHA-256, for a user who logs in with the password alone",
  },
  { name: "delete", help: "remove the user" },
  { name: "list", help: "list the users of FILE, and how they may log in" },
];
