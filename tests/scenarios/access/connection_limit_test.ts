/** Connections at the limit: a client that comes again takes its own place, and no other one does. */

import assert from "node:assert/strict";
import { TestBroker } from "../../support/programs/broker.ts";
import { mosquittoPub } from "../../support/clients/mosquitto.ts";
import { Program } from "../../support/programs/program.ts";

Deno.test("program: at --max-connections a client comes again while its old connection ends", async () => {
  await using program = new Program(
    "--listen",
    "127.0.0.1:0",
    "--max-connections",
    "1",
  );
  const address = { hostname: "127.0.0.1", port: await program.port() };
  for (let round = 0; round < 20; round++) {
    await mosquittoPub(address, "-i", "pump", "-t", "a", "-m", String(round));
  }
});

Deno.test("connection limit: a client takes over its own connection, and another one is refused [MQTT-3.1.4-3]", async () => {
  await using broker = await TestBroker.start({
    limits: { maximumConnections: 2 },
  });
  const first = await broker.connect({ clientId: "one" });
  await broker.connect({ clientId: "two" });
  await broker.connect({ clientId: "one" });
  await first.expectClosed(0x8E);
  const third = await broker.open();
  await third.sendConnect({ clientId: "three" });
  await third.expectRefused(0x89);
  assert.equal(broker.counters.refused.tooManyConnections, 1);
});
