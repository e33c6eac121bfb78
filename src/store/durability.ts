/**
 * What the acknowledgement of a message promises:
 * - `commit`: it is on the disk;
 * - `interval`: it will be, a moment later;
 * - `off`: it is in memory, and is never written to the disk.
 */
export const DURABILITIES = ["commit", "interval", "off"] as const;

/** One of {@linkcode DURABILITIES}. */
export type Durability = typeof DURABILITIES[number];
