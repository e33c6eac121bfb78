/** Listeners that are opened, closed and changed while the broker runs. */

import assert from "node:assert/strict";
import { freePort } from "../../support/programs/free_port.ts";
import { Broker } from "../../../src/broker.ts";
import type { DoorOptions } from "../../../src/connection/doors.ts";
import { StartError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import type { Authenticator } from "../../../src/auth/methods/method.ts";
import { Client } from "../../support/clients/client.ts";

function door(port: number, more: Partial<DoorOptions> = {}): DoorOptions {
  const address = { protocol: "mqtt", hostname: "127.0.0.1", port } as const;
  return { listener: { address }, ...more };
}

function connect(port: number): Promise<Client> {
  return Client.connect({ hostname: "127.0.0.1", port });
}

Deno.test("listeners are opened and closed while the clients of others stay", async () => {
  const [one, two] = [freePort(), freePort()];
  const broker = await Broker.start({
    listeners: [door(one)],
    limits: DEFAULT_LIMITS,
  });
  try {
    const first = await connect(one);
    await broker.changeListeners([door(one), door(two)]);
    const second = await connect(two);
    await first.ping();

    await broker.changeListeners([door(two)]);
    await first.expectClosed(0x98);
    await assert.rejects(connect(one), Deno.errors.ConnectionRefused);
    await second.ping();
    await second.disconnect();
  } finally {
    await broker.shutdown();
  }
});

Deno.test("a listener that cannot be opened leaves everything as it is", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [one, two] = [freePort(), freePort()];
  const broker = await Broker.start({
    listeners: [door(one)],
    limits: DEFAULT_LIMITS,
  });
  try {
    const client = await connect(one);
    await assert.rejects(
      broker.changeListeners([door(two), door(taken.addr.port)]),
      StartError,
    );
    await client.ping();
    await client.disconnect();
    await (await connect(one)).disconnect();
    await assert.rejects(connect(two), Deno.errors.ConnectionRefused);
  } finally {
    await broker.shutdown();
  }
});

Deno.test("a listener's limits hold for those who come after they have changed", async () => {
  const port = freePort();
  const broker = await Broker.start({
    listeners: [door(port)],
    limits: DEFAULT_LIMITS,
  });
  try {
    const first = await connect(port);
    const second = await connect(port);
    await broker.changeListeners([
      door(port, { limits: { maximumConnections: 1 } }),
    ]);
    await first.ping();
    await second.disconnect();
    const third = await Client.open({ hostname: "127.0.0.1", port });
    await third.expectClosed();
    await broker.changeListeners([door(port)]);
    await (await connect(port)).disconnect();
    await first.disconnect();
  } finally {
    await broker.shutdown();
  }
});

/** Lets nobody in. */
const NOBODY: Authenticator = {
  begin: () => ({
    take: () =>
      Promise.resolve({
        type: "denied",
        denial: { cause: "notAuthorized", detail: "nobody may" },
      }),
  }),
  holds: () => false,
};

/** Holds the making of Unix sockets up until told; then it succeeds, or fails. */
function heldSocket() {
  const { makeTempDir } = Deno;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  Deno.makeTempDir = async (options) => {
    begun.resolve();
    await promise;
    return await makeTempDir(options);
  };
  return {
    begun: begun.promise,
    succeed: resolve,
    fail: () => reject(new Error("held up, and failed")),
    [Symbol.dispose]: () => void (Deno.makeTempDir = makeTempDir),
  };
}

for (const outcome of ["succeed", "fail"] as const) {
  Deno.test(`nobody comes through a listener before all of a change is made, which then ${outcome}s`, async () => {
    const folder = await Deno.makeTempDir();
    const [one, two] = [freePort(), freePort()];
    // Only a proxy may connect, and nobody is asked who it is; then all may, and everybody is asked.
    const before = door(one);
    const broker = await Broker.start({
      listeners: [{
        listener: { ...before.listener, proxiesFrom: ["192.0.2.1"] },
      }],
      limits: DEFAULT_LIMITS,
    });
    using held = heldSocket();
    try {
      const path = `${folder}/socket`;
      const change = broker.changeListeners([
        door(one, { authenticator: NOBODY }),
        door(two),
        { listener: { address: { protocol: "unix", path } } },
      ]);
      await held.begun;
      const clients = await Promise.all(
        [one, two].map((port) => Client.open({ hostname: "127.0.0.1", port })),
      );
      for (const client of clients) await client.sendConnect();
      // Whoever is served at all would be within this time, which nothing but a fault makes longer.
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(broker.counters.connectionsNow, 0);
      assert.equal(broker.counters.clientsTotal, 0);
      held[outcome]();
      if (outcome === "fail") {
        await assert.rejects(change, StartError);
        for (const client of clients) await client.expectClosed();
      } else {
        await change;
        await clients[0]!.expectRefused(0x87);
        assert.equal((await clients[1]!.expect("connack")).reasonCode, 0);
        await clients[1]!.disconnect();
      }
    } finally {
      await broker.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("a listener moves to another address with the same port, and back where another one cannot be opened", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = freePort();
  const broker = await Broker.start({
    listeners: [door(port)],
    limits: DEFAULT_LIMITS,
  });
  const wide: DoorOptions = {
    listener: { address: { protocol: "mqtt", hostname: "0.0.0.0", port } },
  };
  try {
    const first = await connect(port);
    await assert.rejects(
      broker.changeListeners([wide, door(taken.addr.port)]),
      StartError,
    );
    await first.ping();
    await (await connect(port)).disconnect();
    await broker.changeListeners([wide]);
    await first.expectClosed(0x98);
    await (await connect(port)).disconnect();
  } finally {
    await broker.shutdown();
  }
});
