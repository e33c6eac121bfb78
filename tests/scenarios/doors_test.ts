/** Listeners that are opened, closed and changed while the broker runs. */

import assert from "node:assert/strict";
import { Broker } from "../../src/broker.ts";
import type { DoorOptions } from "../../src/connection/doors.ts";
import { StartError } from "../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../src/core/limits.ts";
import { Client } from "../support/client.ts";

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

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
