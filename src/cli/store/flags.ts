import {
  dataLocation,
  DEFAULT_DATA,
  processEnvironment,
} from "../../config/settings/data_folder.ts";
import {
  type FlagInfo,
  type ParsedFlags,
  usageError,
} from "../../terminal/flags.ts";

/** The flag that every store command has. */
export const DATA_FLAG: FlagInfo = {
  name: "data",
  value: "FOLDER",
  example: "/var/lib/mailboxqtt",
  help: "the folder in which the broker keeps its store",
  defaultText: DEFAULT_DATA,
};

/** The folder that the flags name, or else the one in which the broker keeps things without its flag. */
export function storeFolder({ values }: ParsedFlags): string {
  const place = dataLocation(values.get("data")?.[0], processEnvironment);
  if (place.type === "folder") return place.folder;
  throw usageError(
    `Flag --data is needed: there is no store without a folder, for example --data ${DATA_FLAG.example}`,
  );
}

/** The flags of `store info`. */
export const INFO_FLAGS: readonly FlagInfo[] = [
  DATA_FLAG,
  {
    name: "top",
    value: "NUMBER",
    example: "100",
    help: "how many sessions are listed, 0 for none",
    defaultText: "20",
  },
  { name: "json", help: "write one JSON object, for machines" },
];

/** The flags of `store export`. */
export const EXPORT_FLAGS: readonly FlagInfo[] = [
  DATA_FLAG,
  {
    name: "output",
    value: "FILE",
    example: "backup.jsonl",
    help:
      "where to write; what is there is replaced once the export is complete",
    defaultText: "standard output",
  },
];

/** The flags of `store import`. */
export const IMPORT_FLAGS: readonly FlagInfo[] = [
  DATA_FLAG,
  {
    name: "replace",
    help: "put the import in the place of a store that is in the folder",
  },
];
