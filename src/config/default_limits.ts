import { DEFAULT_LIMITS, type Limits } from "../core/limits.ts";

/** Most bytes that the memory ceiling is set to without being asked for: 1 GiB. */
const LARGEST_CEILING = 1024 ** 3;

/** The default limits on this machine: the memory ceiling is half of its memory, at most 1 GiB. */
export function defaultLimits(): Limits {
  const total = machineMemory();
  if (total === undefined) return DEFAULT_LIMITS;
  return {
    ...DEFAULT_LIMITS,
    memoryCeiling: Math.min(Math.floor(total / 2), LARGEST_CEILING),
  };
}

/** Bytes of memory of this machine, or `undefined` where we are not allowed to ask. */
function machineMemory(): number | undefined {
  // Asked first, since asking for what is not granted would stop and ask the user.
  const { state } = Deno.permissions.querySync({
    name: "sys",
    kind: "systemMemoryInfo",
  });
  if (state !== "granted") return undefined;
  const { total } = Deno.systemMemoryInfo();
  return total > 0 ? total : undefined;
}
