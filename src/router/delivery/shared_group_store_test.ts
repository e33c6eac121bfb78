import assert from "node:assert/strict";
import { MemoryStore } from "../../store/memory_store.ts";
import { GROUP, setUp } from "../../../tests/support/shared_group.ts";
import { PERSISTENT } from "../../../tests/support/router.ts";
import { unsubscribe } from "../../../tests/support/clients/write_packets.ts";

Deno.test("SharedGroup that comes again gives out no number twice", async () => {
  const store = new MemoryStore();
  const { router, member, send } = await setUp({ store });
  await using _ = router;
  const one = await member(1, PERSISTENT);
  await send(1, "one");
  const [message] = one.messages();
  await one.send(unsubscribe(5, 9, [GROUP]));
  await router.settle();
  one.expect("unsuback");
  const other = await member(1, PERSISTENT);
  await send(1, "two");
  assert.deepEqual(other.payloads(), ["two"]);
  await one.acknowledge("puback", message!.packetId);
  await router.settle();
  assert.equal(store.written.owed(GROUP).length, 1);
});

Deno.test("SharedGroup that comes again gets what a former member did not acknowledge [MQTT-4.8.2-5]", async () => {
  const { router, member, send } = await setUp();
  await using _ = router;
  const one = await member(1, PERSISTENT);
  await send(1, "one");
  await one.send(unsubscribe(5, 9, [GROUP]));
  await router.settle();
  const other = await member(1, PERSISTENT);
  await router.connect({ clientId: one.clientId });
  await router.settle();
  assert.deepEqual(other.payloads(), ["one"]);
});

Deno.test("SharedGroup keeps a message once it goes to a member whose session is kept", async () => {
  const store = new MemoryStore();
  const { router, member, send } = await setUp({ store });
  await using _ = router;
  const ephemeral = await member(1);
  ephemeral.limit(0);
  await send(1, "one");
  assert.equal(store.written.owed(GROUP).length, 0);
  const kept = await member(1, PERSISTENT);
  await ephemeral.lose();
  await router.settle();
  assert.deepEqual(kept.payloads(), ["one"]);
  assert.equal(store.written.owed(GROUP).length, 1);
});
