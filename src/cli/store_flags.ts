import { badValue, type FlagInfo } from "./flags.ts";
import { formatQuantity, parseQuantity, QUANTITY_FORMS } from "./quantity.ts";

const MiB = 1024 * 1024;

/** Bytes of the ballast without a flag: what SQLite's log takes at most is as much. */
const DEFAULT_BALLAST = 16 * MiB;
const MAXIMUM_BALLAST = 1024 * MiB;

/** How things are kept on the disk. */
export interface StoreSettings {
  /** Bytes of the file that is given up when the disk is full, 0 for none. */
  readonly ballast: number;
}

/** The flags that say how things are kept. */
export const STORE_FLAGS: readonly FlagInfo[] = [
  {
    name: "ballast",
    value: "SIZE",
    example: formatQuantity(DEFAULT_BALLAST, "bytes"),
    help:
      "size of a file in the data folder that is given up when the disk is full, so that messages can still be removed; 0 for none",
    defaultText: formatQuantity(DEFAULT_BALLAST, "bytes"),
  },
];

/** What the flags say of how things are kept. Throws for a value that is not allowed. */
export function parseStoreFlags(
  values: ReadonlyMap<string, readonly string[]>,
): StoreSettings {
  const text = values.get("ballast")?.[0];
  const ballast = text === undefined
    ? DEFAULT_BALLAST
    : parseQuantity(text, "bytes");
  if (ballast === undefined || ballast > MAXIMUM_BALLAST) {
    throw badValue(
      "ballast",
      text!,
      `${QUANTITY_FORMS.bytes} up to ${
        formatQuantity(MAXIMUM_BALLAST, "bytes")
      } is allowed`,
    );
  }
  return { ballast };
}
