import type { FlagInfo } from "../../terminal/flags.ts";

/** How the command `passwd` is called. */
export const PASSWD_USAGE = "passwd FILE USER [FLAGS]";

/** What it does. */
export const PASSWD_ABOUT: string =
  "Adds a user to a password file, or changes a user's password, which is asked for twice and not shown. The file " +
  "is made where there is none. Comments and the lines of other users stay as they are, those of mosquitto's " +
  "files too. What is kept is a hash of the password, and keys for SCRAM-SHA-256.";

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
