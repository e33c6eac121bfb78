/** Listening on names with several addresses, and where the kernel has no IPv6. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { mosquittoPub } from "../../support/clients/mosquitto.ts";
import { freePort } from "../../support/programs/free_port.ts";
import { Program } from "../../support/programs/program.ts";

const ALIASES = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n" +
  "127.0.0.2 house\n127.0.0.3 house\n";

const SOURCE = new URL("../../support/no_ipv6.c", import.meta.url).pathname;

const scratch = await Deno.makeTempDir();
globalThis.addEventListener(
  "unload",
  () => Deno.removeSync(scratch, { recursive: true }),
);
const hosts = join(scratch, "hosts");
await Deno.writeTextFile(hosts, ALIASES);

/** The program with other names for addresses. */
class WithHosts extends Program {
  protected static override readonly wrapper = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount --bind "$0" /etc/hosts && exec "$@"',
    hosts,
  ];
}

const library = join(scratch, "no_ipv6.so");

/** The program on a kernel without IPv6. */
class WithoutIpv6 extends Program {
  protected static override readonly env = { LD_PRELOAD: library };
}

async function compileLibrary(): Promise<void> {
  const { success } = await new Deno.Command("cc", {
    args: ["-shared", "-fPIC", "-o", library, SOURCE, "-ldl"],
  }).output();
  assert.ok(success);
}

/** Publishes there with mosquitto_pub. */
async function reach(hostname: string, port: number): Promise<void> {
  await mosquittoPub({ hostname, port }, "-t", "a", "-m", "x", "-q", "1");
}

Deno.test("listen-name-with-two-addresses: all addresses of a name are listened on, on one port", async () => {
  await using program = new WithHosts(
    "--listen",
    "mqtt://localhost:0",
    "--metrics",
    "localhost:0",
  );
  const [line] = await program.line(/Listening.*/);
  assert.match(line, /url=mqtt:\/\/localhost:\d+ addresses=\S*127\.0\.0\.1/);
  assert.match(line, /addresses=\S*::1/);
  const port = await program.port();
  await reach("127.0.0.1", port);
  await reach("::1", port);
  const [, figures] = await program.line(/are served url=http:\S+?:(\d+)\//);
  for (const host of ["127.0.0.1", "[::1]"]) {
    const response = await fetch(`http://${host}:${figures}/healthz`);
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
});

Deno.test("listen-name-with-two-addresses: also several IPv4 addresses, over WebSocket, and after a reload", async () => {
  const file = join(scratch, "reloaded.toml");
  const configuration = (url: string) =>
    Deno.writeTextFile(
      file,
      `allow_anonymous = true\n[[listener]]\nurl = "${url}"\n`,
    );
  await configuration("mqtt://127.0.0.1:0");
  await using program = new WithHosts("--config", file);
  await program.port();
  const port = freePort();
  await configuration(`ws://house:${port}`);
  program.signal("SIGHUP");
  await program.line(/Configuration, users and rules are loaded anew/);
  for (const host of ["127.0.0.2", "127.0.0.3"]) {
    const socket = new WebSocket(`ws://${host}:${port}/`, ["mqtt"]);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`No WebSocket at ${host}`));
    });
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  }
});

Deno.test("listen-without-ipv6: all addresses are those of IPv4 then, and one line says so", async () => {
  await compileLibrary();
  await using program = new WithoutIpv6(
    "--listen",
    "mqtt://[::]:0",
    "--allow-anonymous",
  );
  await program.line(/This machine has no IPv6: listening on IPv4 alone/);
  await reach("127.0.0.1", await program.port());
});

Deno.test("listen-without-ipv6: of a name the addresses of IPv4 are listened on", async () => {
  await compileLibrary();
  await using program = new WithoutIpv6("--listen", "mqtt://localhost:0");
  await reach("127.0.0.1", await program.port());
});

Deno.test("listen-without-ipv6: an address that is named says what is the matter", async () => {
  await compileLibrary();
  await using program = new WithoutIpv6("--listen", "mqtt://[::1]:0");
  await program.line(
    /Cannot listen on mqtt:\/\/\[::1\]:0: IPv6 is switched off on this machine/,
  );
  assert.equal((await program.end()).status, 1);
});
