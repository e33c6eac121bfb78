import type { FlagInfo } from "../../terminal/flags.ts";

/** The flags of `service install`. */
export const SERVICE_INSTALL_FLAGS: readonly FlagInfo[] = [
  {
    name: "print",
    help: "write the unit to standard output, and do nothing else",
  },
];
