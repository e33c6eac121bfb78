// What the kernel was asked for, as strace tells it. Read `proof.ts` next (what must follow from it).

import assert from "node:assert/strict";
import { until } from "../support/programs/broker.ts";

/** The calls that say what leaves, what comes, and what is on the disk. */
const CALLS =
  "fsync,fdatasync,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,recvfrom,recvmsg";

/** A call that succeeded. */
export interface Call {
  /** Its name, such as `fsync`. */
  readonly name: string;
  /** What its file descriptor is: a path, or `TCP:[127.0.0.1:1883->127.0.0.1:40000]`. */
  readonly file: string;
  /** The bytes that were written or read. */
  readonly bytes: Uint8Array;
  /** When it began, counted in events of all threads. */
  readonly began: number;
  /** When it had ended. */
  readonly ended: number;
}

/** Whether calls can be traced here, without which there is nothing to prove it from. */
export function canTrace(): boolean {
  try {
    const args = ["-o", "/dev/null", "true"];
    return new Deno.Command("strace", { args }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The command line under which a program writes its calls into a file. It keeps its process id. */
export function traceInto(path: string): string[] {
  return [
    "strace",
    "-D",
    "-f",
    "-q",
    "-yy",
    "-xx",
    ...["-s", "10000000"],
    ...["-e", "signal=none"],
    ...["-e", `trace=${CALLS}`],
    ...["-o", path],
  ];
}

/** The calls in a file, in their order, once the process that made them has ended. */
export async function readTrace(path: string, pid: number): Promise<Call[]> {
  // Short ids are filled up with spaces.
  const end = new RegExp(`^${pid} +\\+\\+\\+ `, "m");
  const read = () => Deno.readTextFileSync(path);
  await until("the trace is written to its end", () => end.test(read()));
  return [...parseTrace(read())];
}

/** The calls in a trace, in the order in which they began or, where others came between, ended. */
export function* parseTrace(text: string): Generator<Call> {
  /** What threads have begun, by their ids. */
  const begun = new Map<string, { text: string; began: number }>();
  let at = 0;
  for (const line of text.split("\n")) {
    at++;
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || rest === undefined) continue;
    const unfinished = rest.endsWith(" <unfinished ...>");
    if (unfinished) {
      const text = rest.slice(0, -" <unfinished ...>".length);
      begun.set(thread, { text, began: at });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest);
    if (resumed === null) {
      yield* parseCall(rest, at, at);
      continue;
    }
    const call = begun.get(thread);
    assert.ok(call !== undefined, line.slice(0, 200));
    begun.delete(thread);
    yield* parseCall(call.text + rest.slice(resumed[0].length), call.began, at);
  }
}

/** One call; nothing where it is of no file, or failed. */
function* parseCall(text: string, began: number, ended: number) {
  const [, name, annotated] =
    /^(\w+)\(\d+<((?:\w+:\[[^\]]*\]|[^>])*)>/.exec(text) ?? [];
  const [, result] = / = (-?\d+)[^"]*$/.exec(text) ?? [];
  if (name === undefined || Number(result ?? -1) < 0) return;
  const hex = [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)]
    .map(([, digits]) => digits!.replaceAll("\\x", "")).join("");
  const bytes = Uint8Array.fromHex(hex).subarray(0, Number(result));
  const file = annotated!.replaceAll(
    /\\x([0-9a-f]{2})/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
  yield { name, file, bytes, began, ended };
}
