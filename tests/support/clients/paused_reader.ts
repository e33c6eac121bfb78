/**
 * A listener for WebSocket in a process of its own, whose memory can be measured. It reads as many bytes from a client
 * as its first argument says, so that whatever is made at first has been made; then none until something comes on
 * standard input, and then on until they are as many as its second argument says. What memory it takes it writes to standard output, a line each
 * time: before the pause, after it, and the most of what came then.
 */

import { TestListener } from "../programs/listener.ts";

const output = new TextEncoder();

function tell(event: string, number: number): void {
  Deno.stdout.writeSync(output.encode(`${event} ${number}\n`));
}

function memory(): number {
  return Deno.memoryUsage().rss;
}

using listener = await TestListener.start({
  address: { protocol: "ws", hostname: "127.0.0.1", port: 0 },
  webSocket: { origins: "all" },
});
tell("port", listener.port);
const transport = await listener.accepted();
const buffer = new Uint8Array(65_536);
let most = 0;

let read = 0;

async function readUntil(bytes: number): Promise<void> {
  while (read < bytes) {
    const count = await transport.read(buffer);
    if (count === null) break;
    const before = read >> 20;
    read += count;
    if (read >> 20 !== before) most = Math.max(most, memory());
  }
}

// From the first answer on, a client may send long messages.
await transport.write(new Uint8Array(1));
await readUntil(Number(Deno.args[0]));
tell("paused", memory());
await Deno.stdin.read(new Uint8Array(1));
tell("held", memory());
most = 0;
await readUntil(Number(Deno.args[1]));
tell("most", most);
