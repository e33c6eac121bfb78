/** Long enough for all of `/proc/self/io`. */
const BUFFER = new Uint8Array(512);

/** Bytes that this process has sent to disks so far, as the operating system counts them. */
export const bytesToDisks: () => number = linuxCount() ?? await portableCount();

/** Linux tells it in a file, which costs an idle broker 7 MiB less than `node:process`. */
function linuxCount(): (() => number) | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const file = Deno.openSync("/proc/self/io");
    const decoder = new TextDecoder();
    return () => {
      file.seekSync(0, Deno.SeekMode.Start);
      const text = decoder.decode(BUFFER.subarray(0, file.readSync(BUFFER)!));
      return Number(/^write_bytes: (\d+)$/m.exec(text)![1]);
    };
  } catch {
    return undefined;
  }
}

async function portableCount(): Promise<() => number> {
  const { default: process } = await import("node:process");
  return () => process.resourceUsage().fsWrite * 512;
}
