/** The broker as a service of systemd: what it tells that, and how it is installed. */

import assert from "node:assert/strict";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { Program, runProgram } from "../../support/programs/program.ts";

/** The socket on which a service tells systemd how it is. */
class Supervisor implements AsyncDisposable {
  readonly path: string;
  readonly #folder: ConfigFolder;
  readonly #socket: Deno.DatagramConn;

  private constructor(folder: ConfigFolder) {
    this.path = folder.file("notify");
    this.#folder = folder;
    this.#socket = Deno.listenDatagram({
      transport: "unixpacket",
      path: this.path,
    });
  }

  static async start(): Promise<Supervisor> {
    return new Supervisor(await ConfigFolder.make());
  }

  /** The next words that have this among them, each line a word. */
  async heard(word: RegExp): Promise<string[]> {
    for (;;) {
      const [bytes] = await this.#socket.receive();
      const lines = new TextDecoder().decode(bytes).split("\n");
      if (lines.some((line) => word.test(line))) return lines;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}

Deno.test("service: systemd is told when the broker is up, is well, reloads and ends", async () => {
  await using supervisor = await Supervisor.start();
  const { path } = supervisor;
  class Service extends Program {
    protected static override readonly env = {
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: "200000",
    };
  }
  await using program = new Service("--listen", "mqtt://127.0.0.1:0");
  await supervisor.heard(/^EXTEND_TIMEOUT_USEC=\d+$/);
  const ready = await supervisor.heard(/^READY=1$/);
  const port = await program.port();
  assert.deepEqual(ready, [
    "READY=1",
    `STATUS=0 clients; listening on mqtt://127.0.0.1:${port}`,
  ]);
  for (let beat = 0; beat < 3; beat++) await supervisor.heard(/^WATCHDOG=1$/);
  program.signal("SIGHUP");
  await supervisor.heard(/^RELOADING=1$/);
  await supervisor.heard(/^READY=1$/);
  program.signal("SIGTERM");
  await supervisor.heard(/^STOPPING=1$/);
  assert.equal((await program.end()).status, 0);
});

Deno.test("service: a broker that does not go on is not said to be well", async () => {
  await using supervisor = await Supervisor.start();
  const { path } = supervisor;
  class Service extends Program {
    protected static override readonly env = {
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: "50000",
    };
  }
  await using program = new Service("--listen", "mqtt://127.0.0.1:0");
  await supervisor.heard(/^WATCHDOG=1$/);
  program.signal("SIGSTOP");
  // What was sent before is still on its way.
  const silence = async () => {
    for (let quiet = 0; quiet < 10; quiet++) {
      const heard = supervisor.heard(/^WATCHDOG=1$/).then(() => true);
      const pause = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => pause.resolve(false), 50);
      const isHeard = await Promise.race([heard, pause.promise]);
      clearTimeout(timer);
      if (!isHeard) {
        program.signal("SIGCONT");
        assert.ok(await heard, "it goes on");
        return;
      }
    }
    assert.fail("It beats though it stands still");
  };
  await silence();
});

Deno.test("service: a socket that is not there is told once, and the broker runs", async () => {
  class Service extends Program {
    protected static override readonly env = { NOTIFY_SOCKET: "/nowhere/x" };
  }
  await using program = new Service("--listen", "mqtt://127.0.0.1:0");
  await program.line(/WARN.*Cannot tell systemd how the broker is/);
  await program.port();
});

async function has(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"] }).output())
      .success;
  } catch {
    return false;
  }
}

const canAnalyze = await has("systemd-analyze");

Deno.test({
  name: `service: the unit is valid, and exposes little${
    canAnalyze ? "" : " (ignored: there is no systemd-analyze here)"
  }`,
  ignore: !canAnalyze,
  async fn() {
    await using folder = await ConfigFolder.make();
    const { status, stdout } = await runProgram(
      "service",
      "install",
      "--print",
    );
    assert.equal(status, 0);
    await folder.write("mailboxqtt.service", stdout);
    const analyze = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(
        "systemd-analyze",
        { args: [...args, folder.file("mailboxqtt.service")] },
      ).output();
      const text = [stdout, stderr].map((bytes) =>
        new TextDecoder().decode(bytes)
      ).join("");
      assert.equal(code, 0, text);
      return text;
    };
    assert.equal(await analyze("verify"), "");
    const judgement = await analyze("security", "--offline=yes", "--no-pager");
    const [, exposure] = /exposure level.*: ([\d.]+)/.exec(judgement)!;
    assert.ok(Number(exposure) <= 2, judgement);
  },
});

Deno.test("service: without systemd it is not installed, and that is said", async () => {
  const { status, stderr } = await runProgram("service", "uninstall");
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^Cannot uninstall the service: (no systemd runs here|only root may)/,
  );
});
