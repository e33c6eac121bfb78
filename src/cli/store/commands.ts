// The store commands: look at a data folder, save it or repair it. Each command is a file of this room.

import { type Command, commandGroup } from "../../terminal/command.ts";
import { DATA_FLAG, EXPORT_FLAGS, IMPORT_FLAGS, INFO_FLAGS } from "./flags.ts";

/** The store commands by name. */
const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["info", {
    summary: "show sizes, counts, and the sessions with the largest backlog",
    usage: "store info [FLAGS]",
    about:
      "Shows how large the store is, how the last broker ended, what is kept, and whose messages: sessions " +
      "with the largest backlog first, among equals those that have been offline longest. A broker may run.",
    flags: INFO_FLAGS,
    run: async (args) => (await import("./info.ts")).storeInfo(args),
  }],
  ["check", {
    summary: "look whether the store is sound",
    usage: "store check [FLAGS]",
    about:
      "Looks at the database's file, at each row's checksum and at what rows refer to, and changes nothing. " +
      "Ends with status 0 if all is well, else with 1. A broker may run.",
    flags: [DATA_FLAG],
    run: async (args) => (await import("./check.ts")).storeCheck(args),
  }],
  ["export", {
    summary: "write everything as lines of JSON: that is the backup",
    usage: "store export [FLAGS]",
    about:
      "Writes all that is kept, as it is at one moment: one JSON object a line, a line for each session, " +
      "subscription, message owed, retained message and will. The last line says that it is complete. A " +
      "broker may run, and goes on meanwhile.",
    flags: EXPORT_FLAGS,
    run: async (args) => (await import("./export.ts")).storeExport(args),
  }],
  ["import", {
    summary: "make a store of what export wrote",
    usage: "store import FILE [FLAGS]",
    about:
      "Makes a store of a file that export wrote, in a folder that has none, or with --replace in the place " +
      "of the one there. Every line is looked at first: where one is wrong, nothing is changed. No broker " +
      "may run on the folder.",
    flags: IMPORT_FLAGS,
    run: async (args) => (await import("./import.ts")).storeImport(args),
  }],
  ["compact", {
    summary: "give the space back that the database does not use any more",
    usage: "store compact [FLAGS]",
    about:
      "Writes the database anew without the pages that it does not use, which takes as much room again for " +
      "a while. No broker may run on the folder.",
    flags: [DATA_FLAG],
    run: async (args) => (await import("./compact.ts")).storeCompact(args),
  }],
]);

/** The command `store`, which needs the name of another one behind it. */
export const STORE_COMMAND: Command = commandGroup(
  "store",
  "look at what is kept in a folder, save it, or put it right",
  COMMANDS,
);
