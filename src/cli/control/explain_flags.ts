import { CONTROL_FLAG } from "./flags.ts";
import type { FlagInfo } from "../../terminal/flags.ts";

/** How the command `explain` is called. */
export const EXPLAIN_USAGE =
  "explain --user USER --client ID [--ip ADDRESS] [--live] publish|subscribe|receive TOPIC";

/** The flags of `explain`. */
export const EXPLAIN_FLAGS: readonly FlagInfo[] = [
  {
    name: "user",
    value: "USER",
    example: "pump",
    help: "the user",
    defaultText: "none, for an anonymous client",
  },
  {
    name: "client",
    value: "ID",
    example: "pump-1",
    help: "the client identifier",
  },
  {
    name: "ip",
    value: "ADDRESS",
    example: "192.0.2.7",
    help: "the address it comes from; no rule asks for that so far",
  },
  {
    name: "live",
    help: "ask the broker that runs, in place of the configuration",
  },
  CONTROL_FLAG,
  {
    name: "config",
    value: "FILE",
    example: "/etc/mailboxqtt/mailboxqtt.toml",
    help: "the configuration file that names the rules; none for none",
    defaultText: "that of the broker",
  },
  {
    name: "rules",
    value: "FILE",
    example: "/etc/mailboxqtt/rules",
    help: "the file with the access rules, in place of the configuration's",
  },
];
