import assert from "node:assert/strict";
import { Counters } from "./counters.ts";

Deno.test("Counters follows connections from open to close", () => {
  const counters = new Counters();
  counters.connectionOpened();
  counters.connectionOpened();
  counters.connectionClosed();
  counters.connectionOpened();
  counters.connectionClosed();
  counters.connectionClosed();
  assert.equal(counters.connectionsNow, 0);
  assert.equal(counters.connectionsPeak, 2);
  assert.equal(counters.connectionsTotal, 3);
});

Deno.test("Counters.snapshot counts no further", () => {
  const counters = new Counters();
  counters.dropped.outboxFull += 3;
  counters.messagesReceived.qos1 += 1;
  const snapshot = counters.snapshot();
  counters.dropped.outboxFull += 1;
  counters.bytesSent += 10;
  assert.equal(snapshot.dropped.outboxFull, 3);
  assert.equal(snapshot.messagesReceived.qos1, 1);
  assert.equal(snapshot.bytesSent, 0);
});

Deno.test("Counters of one broker are not those of another", () => {
  const counters = new Counters();
  counters.refused.badConnect += 1;
  assert.equal(new Counters().refused.badConnect, 0);
});
