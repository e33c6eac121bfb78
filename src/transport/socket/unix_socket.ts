import type { BoundAddress } from "../listener_settings.ts";
import type { SocketAddress } from "../listener_settings.ts";
import { SystemTransport } from "./tcp.ts";

/** The name under which all clients of Unix sockets go. */
export const LOCAL = "local";
/** What fits into the address of a socket, in bytes. */
const LONGEST_PATH = 107;

/** A socket that is listened on. */
export interface OpenSocket {
  /** Accepts connections. */
  readonly listener: Deno.UnixListener;
  /** Listens no more, and removes the file. */
  close(): void;
}

/** Listens on a Unix socket, whose file is replaced if it was left behind, and removed at the end. */
export async function listenOnSocket(
  address: SocketAddress,
): Promise<BoundAddress> {
  const { path, mode } = address;
  const { listener, close } = await openSocket(path, mode);
  return {
    address,
    accept: async () =>
      new SystemTransport(await listener.accept(), `unix:${path}`, LOCAL),
    close,
  };
}

/** Opens a socket; without a mode its permissions are those that the process's umask leaves. */
export async function openSocket(
  path: string,
  mode: number | undefined,
): Promise<OpenSocket> {
  if (new TextEncoder().encode(path).length > LONGEST_PATH) {
    throw new Error(`sockets have paths of at most ${LONGEST_PATH} bytes`);
  }
  await removeStale(path);
  const listener = await listenOutOfSight(path, mode);
  let made: Deno.FileInfo;
  try {
    made = await Deno.lstat(path);
  } catch (error) {
    listener.close();
    throw error;
  }
  return {
    listener,
    close: () => {
      listener.close();
      removeOwn(path, made);
    },
  };
}

/**
 * Makes the socket where nobody else can reach it, and moves it to its place once it has its permissions. Deno, which
 * removes the file that a listener was made with whoever's it is by then, finds none there.
 */
async function listenOutOfSight(
  path: string,
  mode: number | undefined,
): Promise<Deno.UnixListener> {
  const folder = await Deno.makeTempDir({
    dir: folderOf(path),
    prefix: ".mailboxqtt-",
  });
  const hidden = `${folder}/s`;
  let listener: Deno.UnixListener | undefined;
  try {
    listener = Deno.listen({ transport: "unix", path: hidden });
    if (mode !== undefined) await Deno.chmod(hidden, mode);
    await Deno.rename(hidden, path);
    return listener;
  } catch (error) {
    listener?.close();
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The folder that a file is in. `node:path` would take 6 MiB of memory in a program that has no use for it. */
function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at === -1 ? "." : path.slice(0, Math.max(at, 1));
}

/** Removes the socket that a broker left behind which was killed; leaves alone what is in use or no socket. */
async function removeStale(path: string): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (!found.isSocket) {
    throw new Error("there is a file of that name which is no socket");
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    await Deno.remove(path);
    return;
  }
  throw new Error("another program listens there");
}

/** Removes the socket, unless another program has put its own in its place. */
function removeOwn(path: string, made: Deno.FileInfo): void {
  try {
    const { dev, ino } = Deno.lstatSync(path);
    if (dev === made.dev && ino === made.ino) Deno.removeSync(path);
  } catch {
    // It is gone, or its folder is closed to us: nothing that would keep the broker from ending well.
  }
}
