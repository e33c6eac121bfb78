// The calls of a process on the files of a folder, as strace tells them.

import type { DiskCall } from "./disk.ts";

/** The calls that change files or have them on the disk. */
export const CALLS =
  "openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat";

/** What a program's calls were, as `strace -f -yy -xx` wrote them; `acknowledged` is the file that takes the steps. */
export function* readCalls(
  text: string,
  acknowledged: string,
): Generator<DiskCall> {
  const begun = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || rest === undefined) continue;
    const unfinished = / <unfinished \.\.\.>$/.exec(rest);
    if (unfinished !== null) {
      begun.set(thread, rest.slice(0, unfinished.index));
      continue;
    }
    const [resumed] = /^<\.\.\. \w+ resumed>/.exec(rest) ?? [];
    const whole = resumed === undefined
      ? rest
      : (begun.get(thread) ?? "") + rest.slice(resumed.length);
    const call = parseCall(whole, acknowledged);
    if (call !== undefined) yield call;
  }
}

function parseCall(text: string, acknowledged: string): DiskCall | undefined {
  const [, name, given, result] = /^(\w+)\((.*)\) += (-?\d+)/.exec(text) ?? [];
  if (name === undefined || given === undefined) return undefined;
  const succeeded = Number(result) >= 0;
  const path = plain(/^\d+<([^>]*)>/.exec(given)?.[1] ?? "");
  if (name === "fsync" || name === "fdatasync") {
    return { type: "sync", path, succeeded };
  }
  if (!succeeded) return undefined;
  const [first = "", second = ""] = [...given.matchAll(/"([^"]*)"/g)]
    .map(([, quoted]) => plain(quoted!));
  switch (name) {
    case "openat":
      return given.includes("O_CREAT")
        ? { type: "create", path: first }
        : undefined;
    case "write":
    case "pwrite64": {
      const [, hex = ""] = /"((?:\\x[0-9a-f]{2})*)"/.exec(given) ?? [];
      const bytes = Uint8Array.fromHex(hex.replaceAll("\\x", ""))
        .subarray(0, Number(result));
      if (path === acknowledged) {
        return {
          type: "acknowledge",
          step: Number(new TextDecoder().decode(bytes)),
        };
      }
      if (name === "write") return undefined;
      const offset = Number(/, (\d+)$/.exec(given)?.[1]);
      return { type: "write", path, offset, bytes };
    }
    case "ftruncate":
      return {
        type: "truncate",
        path,
        size: Number(/, (\d+)$/.exec(given)?.[1]),
      };
    case "unlink":
    case "unlinkat":
      return { type: "remove", path: first };
    default:
      return { type: "rename", path: first, to: second };
  }
}

function plain(text: string): string {
  return text.replaceAll(
    /\\x([0-9a-f]{2})/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
}
