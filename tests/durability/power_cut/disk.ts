// What a disk holds of the calls of a process when the power is cut: all that was synchronized, and of the rest any part.
//
// An fsync that failed has the system forget what it was to write: no later one writes that. A name that was made,
// changed or removed is on the disk with the next fsync of its folder, and a new one with that of its file.

import { basename, dirname } from "node:path";

/** A call that changes files, or has them on the disk. */
export type DiskCall =
  | { readonly type: "create"; readonly path: string }
  | {
    readonly type: "write";
    readonly path: string;
    readonly offset: number;
    readonly bytes: Uint8Array;
  }
  | { readonly type: "truncate"; readonly path: string; readonly size: number }
  | {
    readonly type: "sync";
    readonly path: string;
    readonly succeeded: boolean;
  }
  | { readonly type: "rename"; readonly path: string; readonly to: string }
  | { readonly type: "remove"; readonly path: string }
  /** What was promised: it says nothing of files. */
  | { readonly type: "acknowledge"; readonly step: number };

/** A change that is on the disk, or may be. */
interface Change {
  readonly file: number;
  readonly call: Exclude<DiskCall, { type: "sync" | "acknowledge" }>;
  /** Whether it is there for certain. */
  isSynced: boolean;
  /** Whether no fsync writes it any more. */
  isForgotten: boolean;
}

/** The files of a folder as a power cut may leave them, by their names. */
export type Image = ReadonlyMap<string, Uint8Array>;

/** A disk with a folder that is empty at first. */
export class Disk {
  readonly #changes: Change[] = [];
  /** The files by the paths under which the process knows them. */
  readonly #names = new Map<string, number>();
  #files = 0;

  /** Notes a call. */
  take(call: DiskCall): void {
    switch (call.type) {
      case "acknowledge":
        return;
      case "sync":
        return this.#sync(call.path, call.succeeded);
      case "create":
        if (this.#names.has(call.path)) return;
        this.#names.set(call.path, this.#files++);
        break;
    }
    const file = this.#names.get(call.path);
    // Of a file that has no name any more nothing can be left.
    if (file === undefined) return;
    const change = { file, call, isSynced: false, isForgotten: false };
    this.#changes.push(change);
    if (call.type === "remove") this.#names.delete(call.path);
    if (call.type === "rename") {
      this.#names.delete(call.path);
      this.#names.set(call.to, file);
    }
  }

  #sync(path: string, succeeded: boolean): void {
    const file = this.#names.get(path);
    for (const change of this.#changes) {
      const isName = change.call.type === "create" ||
        change.call.type === "rename" || change.call.type === "remove";
      const isMeant = file === undefined
        ? isName && dirname(change.call.path) === path
        : change.file === file && (!isName || change.call.type === "create");
      if (!isMeant || change.isForgotten) continue;
      if (succeeded) change.isSynced = true;
      // Names are in the file system's own journal, which is written again.
      else if (!change.isSynced && !isName) change.isForgotten = true;
    }
  }

  /** What is there if the power is cut now, with those changes of which `isWritten` says so. */
  cut(isWritten: () => boolean): Image {
    const names = new Map<string, number>();
    const contents = new Map<number, Uint8Array>();
    for (const { file, call, isSynced } of this.#changes) {
      if (!isSynced && !isWritten()) continue;
      const content = contents.get(file) ?? new Uint8Array(0);
      switch (call.type) {
        case "create":
          names.set(basename(call.path), file);
          break;
        case "remove":
          names.delete(basename(call.path));
          break;
        case "rename":
          names.delete(basename(call.path));
          names.set(basename(call.to), file);
          break;
        case "truncate":
          contents.set(file, resized(content, call.size));
          break;
        case "write": {
          const end = call.offset + call.bytes.length;
          const grown = resized(content, Math.max(content.length, end));
          grown.set(call.bytes, call.offset);
          contents.set(file, grown);
        }
      }
    }
    return new Map(
      [...names].map(([name, file]) => [
        name,
        contents.get(file) ?? new Uint8Array(0),
      ]),
    );
  }
}

function resized(content: Uint8Array, size: number): Uint8Array {
  const next = new Uint8Array(size);
  next.set(content.subarray(0, size));
  return next;
}
