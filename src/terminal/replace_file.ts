import { describeError, StartError } from "../core/errors.ts";

/** What {@linkcode replaceFile} is to write: `undefined` leaves the file as it is. */
export type Replacement = (old: Uint8Array) => string | undefined;

/**
 * Replaces a file in one step by what `replace` makes of its contents, which are empty for a file that is not there.
 * Its mode and owner stay; a new one is for its owner's eyes only, which for root is the folder's owner. Where it is a
 * link, what that leads to is replaced. While it works, `FILE.new` is there, so that two never do so at once.
 */
export async function replaceFile(
  path: string,
  replace: Replacement,
): Promise<void> {
  const target = await realPath(path);
  const unfinished = `${target}.new`;
  let isOurs = false;
  try {
    // Its mode is that of a new file, and stays so until all is in it.
    using file = await Deno.open(unfinished, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    isOurs = true;
    const old = await readExisting(target);
    const text = replace(old?.bytes ?? new Uint8Array());
    if (text === undefined) return await Deno.remove(unfinished);
    let rest = new TextEncoder().encode(text);
    while (rest.length > 0) rest = rest.subarray(await file.write(rest));
    await file.sync();
    if (old !== undefined) await keepOwner(unfinished, old.info);
    else await giveToFolder(unfinished, target);
    await Deno.rename(unfinished, target);
    await syncFolder(folderOf(target));
  } catch (error) {
    if (isOurs) await Deno.remove(unfinished).catch(() => {});
    if (error instanceof StartError) throw error;
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new StartError(
        `Cannot write ${path}: somebody else does, or was interrupted, in which case remove ${unfinished}`,
      );
    }
    throw new StartError(`Cannot write ${path}: ${describeError(error)}`);
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "." : path.slice(0, slash + 1);
}

/** Has the names of the files in a folder on the disk. */
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}

async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    return path;
  }
}

async function readExisting(
  path: string,
): Promise<{ bytes: Uint8Array; info: Deno.FileInfo } | undefined> {
  try {
    return { bytes: await Deno.readFile(path), info: await Deno.stat(path) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** What root makes in a folder of somebody else's, as a service's configuration is, belongs to that one. */
async function giveToFolder(path: string, target: string): Promise<void> {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(folderOf(target));
  if (uid !== null && gid !== null) await Deno.chown(path, uid, gid);
}

/** Gives a file the mode and owner of another one. The owner comes first: to change it takes bits from the mode. */
async function keepOwner(
  path: string,
  { mode, uid, gid }: Deno.FileInfo,
): Promise<void> {
  const own = await Deno.stat(path);
  if (own.uid !== uid || own.gid !== gid) await Deno.chown(path, uid, gid);
  if (mode !== null) await Deno.chmod(path, mode & 0o7777);
}
