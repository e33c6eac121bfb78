/** What the hash of topics starts with (FNV-1a). */
export const HASH_SEED: number = 0x811C9DC5 | 0;

/** What the hash is multiplied with for each byte. */
export const HASH_PRIME = 0x01000193;

/** A signed 32-bit hash of `bytes[start..end)`; of a topic's bytes it is the `topicHash` of their PUBLISH. */
export function hashTopic(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let hash = HASH_SEED;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ bytes[i]!, HASH_PRIME);
  }
  return hash;
}
