/** Sockets that systemd listens on and passes, as sd_listen_fds(3) has it: the broker is started when somebody comes. */

import assert from "node:assert/strict";
import { text } from "../../support/bytes.ts";
import { Client } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { MosquittoSub } from "../../support/clients/mosquitto.ts";
import {
  Program,
  runProgram,
  testNeedingDeno29,
} from "../../support/programs/program.ts";

/**
 * Listens in place of systemd, says on which port, and turns into the program when somebody has connected. Its arguments
 * are the address, the path of a Unix socket or nothing, and the program with PORT for the port.
 */
const SUPERVISOR = `
use strict; use warnings;
use IO::Select; use IO::Socket::INET; use IO::Socket::UNIX; use POSIX ();
my ($address, $path) = splice @ARGV, 0, 2;
my $tcp = IO::Socket::INET->new(LocalAddr => $address, Proto => "tcp", Listen => 100) or die "$!";
my @sockets = ($tcp);
push @sockets, IO::Socket::UNIX->new(Local => $path, Listen => 100) || die "$!" if $path ne "";
my $port = $tcp->sockport;
print STDERR "supervisor listens on $port\\n";
IO::Select->new($tcp)->can_read;
# Out of the way first: they may stand where others are to be.
POSIX::dup2($sockets[$_]->fileno, 20 + $_) for 0 .. $#sockets;
POSIX::dup2(20 + $_, 3 + $_), POSIX::close(20 + $_) for 0 .. $#sockets;
$ENV{LISTEN_FDS} = @sockets;
$ENV{LISTEN_PID} = $$;
exec map { s/PORT/$port/gr } @ARGV;
`;

/** The program as systemd starts it for a socket, and that socket's address. */
async function startFor(
  { address = "127.0.0.1", path = "" },
  ...args: string[]
): Promise<{ program: Program; hostname: string; port: number }> {
  class Passed extends Program {
    protected static override readonly wrapper = [
      ...["perl", "-e", SUPERVISOR, address, path],
    ];
  }
  const program = new Passed(...args);
  const [, port] = await program.line(/^supervisor listens on (\d+)$/);
  return { program, hostname: "127.0.0.1", port: Number(port) };
}

testNeedingDeno29(
  "passed sockets: who came before the broker is served, and so are others",
  async () => {
    const { program, ...address } = await startFor(
      {},
      ...["--listen", "mqtt://127.0.0.1:PORT"],
    );
    await using _program = program;
    const first = await Client.connect(address, { clientId: "first" });
    await program.line(
      /Client connected client=first address=127\.0\.0\.1:\d+/,
    );
    await using sub = await MosquittoSub.start(address, "-t", "#", "-q", "2");
    for (const qos of [0, 1, 2] as const) {
      await first.publish("a", `hello ${qos}`, { qos });
      assert.equal(await sub.line(), `a ${qos} 0 hello ${qos}`);
    }
    const large = "x".repeat(2_000_000);
    await first.publish("a", large, { qos: 1 });
    assert.equal(await sub.line(), `a 1 0 ${large}`);
    await first.disconnect();
    program.signal("SIGTERM");
    assert.equal((await program.end()).status, 0);
  },
);

testNeedingDeno29(
  "passed sockets: a Unix socket is taken, too, and a socket for all addresses by a listener for all",
  async () => {
    await using folder = await ConfigFolder.make();
    const path = folder.file("mqtt.sock");
    const { program, ...address } = await startFor(
      { address: "0.0.0.0", path },
      ...["--listen", "mqtt://[::]:PORT", "--listen", `unix://${path}`],
      "--allow-anonymous",
    );
    await using _program = program;
    const client = await Client.connect(address);
    await client.subscribe("#");
    const { status } = await runProgram(
      ...["pub", `unix://${path}`, "-t", "a", "-m", "by the socket", "-q", "1"],
    );
    assert.equal(status, 0);
    assert.equal(text((await client.message()).payload), "by the socket");
    await client.disconnect();
  },
);

testNeedingDeno29(
  "passed sockets: one that is for no listener is told, and who comes there is turned away",
  async () => {
    const { program, hostname, port } = await startFor(
      {},
      ...["--listen", "mqtt://127.0.0.1:0"],
    );
    await using _program = program;
    using stranger = await Deno.connect({ hostname, port });
    await program.line(
      new RegExp(
        `WARN .*No listener has the address of a socket that was passed address=127\\.0\\.0\\.1:${port}$`,
      ),
    );
    assert.equal(await stranger.read(new Uint8Array(1)), null);
    const client = await Client.connect({
      hostname,
      port: await program.port(),
    });
    await client.disconnect();
  },
);

testNeedingDeno29(
  "passed sockets: a listener that changes at a reload keeps its socket",
  async () => {
    await using folder = await ConfigFolder.make();
    const configuration = (more: string) =>
      `control = "control.sock"\ndata = "none"\nallow_anonymous = true\n[[listener]]\nurl = "mqtt://127.0.0.1:${port}"\n${more}`;
    const { program, hostname, port } = await startFor(
      {},
      "--config",
      folder.config,
    );
    await using _program = program;
    await folder.write("mailboxqtt.toml", configuration(""));
    const before = await Client.connect({ hostname, port });
    await folder.write(
      "mailboxqtt.toml",
      configuration('proxies_from = ["192.0.2.1"]\n'),
    );
    assert.equal((await folder.control("reload")).stderr, "");
    await before.ping();
    using stranger = await Deno.connect({ hostname, port });
    assert.equal(await stranger.read(new Uint8Array(1)), null);
    await folder.write("mailboxqtt.toml", configuration(""));
    assert.equal((await folder.control("reload")).stderr, "");
    const after = await Client.connect({ hostname, port });
    await after.disconnect();
    await before.disconnect();
  },
);
