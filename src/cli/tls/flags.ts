import type { FlagInfo } from "../../terminal/flags.ts";

/** Where the authority's files are. */
const FOLDER: FlagInfo = {
  name: "folder",
  value: "DIR",
  example: "/etc/mailboxqtt/tls",
  help: "where the authority and what it has signed are kept",
  defaultText: "tls, in the working folder",
};

/** The flags of `tls init`. */
export const TLS_INIT_FLAGS: readonly FlagInfo[] = [
  FOLDER,
  {
    name: "name",
    value: "NAME",
    example: "broker.example.org",
    repeatable: true,
    help: "a host name or address by which clients reach this host",
    defaultText: "its names, and the addresses of its interfaces",
  },
  {
    name: "days",
    value: "N",
    example: "365",
    help: "for how many days the server's certificate is good, 1 to 825",
    defaultText: "825",
  },
];

/** The flags of `tls device`. */
export const TLS_DEVICE_FLAGS: readonly FlagInfo[] = [
  FOLDER,
  {
    name: "days",
    value: "N",
    example: "365",
    help: "for how many days the device's certificate is good, 1 to 3650",
    defaultText: "3650",
  },
];

/** The flags of `tls revoke`. */
export const TLS_REVOKE_FLAGS: readonly FlagInfo[] = [FOLDER];
