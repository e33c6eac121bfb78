import assert from "node:assert/strict";
import { join } from "node:path";
import { TestListener } from "../../../tests/support/programs/listener.ts";

function listen(path: string, mode?: number): Promise<TestListener> {
  return TestListener.start({
    address: {
      protocol: "unix",
      path,
      ...(mode === undefined ? {} : { mode }),
    },
  });
}

async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(join(folder, "socket"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Leaves the file of a socket behind on which nobody listens, as a killed program does. */
function leaveSocket(path: string): void {
  const listener = Deno.listen({ transport: "unix", path: `${path}.made` });
  Deno.renameSync(`${path}.made`, path);
  listener.close();
  assert.ok(Deno.lstatSync(path).isSocket);
}

Deno.test("listenOnSocket sets the permissions and removes its file at the end", () =>
  inFolder(async (path) => {
    for (const mode of [0o660, 0o600, 0o777]) {
      {
        using _listener = await listen(path, mode);
        assert.equal(Deno.lstatSync(path).mode! & 0o777, mode);
        const names = [...Deno.readDirSync(join(path, ".."))];
        assert.equal(names.length, 1);
      }
      assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
    }
  }));

Deno.test("listenOnSocket replaces a socket that was left behind", () =>
  inFolder(async (path) => {
    for (const mode of [undefined, 0o600]) {
      leaveSocket(path);
      using listener = await listen(path, mode);
      using _connection = await Deno.connect({ transport: "unix", path });
      await listener.accepted();
    }
  }));

Deno.test("listenOnSocket leaves alone what somebody uses, and what is no socket", () =>
  inFolder(async (path) => {
    {
      using listener = await listen(path);
      await assert.rejects(
        listen(path, 0o600),
        /Cannot listen on unix:\/\/.*another program listens there/,
      );
      using _connection = await Deno.connect({ transport: "unix", path });
      await listener.accepted();
    }
    await Deno.writeTextFile(path, "precious");
    await assert.rejects(
      listen(path),
      /a file of that name which is no socket/,
    );
    assert.equal(await Deno.readTextFile(path), "precious");
    await Deno.remove(path);
    await Deno.symlink("/dev/null", path);
    await assert.rejects(listen(path), /no socket/);
  }));

Deno.test("listenOnSocket removes no file that took the place of its own", () =>
  inFolder(async (path) => {
    {
      using _listener = await listen(path);
      await Deno.remove(path);
      await Deno.writeTextFile(path, "precious");
    }
    assert.equal(await Deno.readTextFile(path), "precious");
  }));

Deno.test("listenOnSocket says what keeps it from listening", () =>
  inFolder(async (path) => {
    await assert.rejects(
      listen(join(path, "missing", "socket")),
      /Cannot listen on unix:\/\/.*no such file or directory/i,
    );
    await assert.rejects(
      listen(path + "x".repeat(100), 0o600),
      /at most 107 bytes/,
    );
    assert.deepEqual([...Deno.readDirSync(join(path, ".."))], []);
  }));
