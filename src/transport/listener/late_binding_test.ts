import assert from "node:assert/strict";
import { until } from "../../../tests/support/programs/broker.ts";
import { TestListener } from "../../../tests/support/programs/listener.ts";
import { createLog } from "../../core/log.ts";
import type { BoundAddress } from "../listener_settings.ts";
import { bindAddress } from "../socket/open_address.ts";
import { openWhenThere } from "./late_binding.ts";

const ABSENT = new Deno.errors.AddrNotAvailable("Cannot assign (os error 99)");
const DOOR: BoundAddress = {
  address: { protocol: "mqtt", hostname: "192.0.2.1", port: 1 },
  accept: () => Promise.reject(new Error("Closed")),
  close: () => {},
};

/** Waits for an address that is there after so many failures; returns the pauses and the log. */
async function waitThrough(
  failures: readonly Error[],
): Promise<
  { door: BoundAddress | undefined; pauses: number[]; lines: string[] }
> {
  const lines: string[] = [];
  const pauses: number[] = [];
  const left = [...failures];
  const door = await openWhenThere({
    close: (opened) => opened.close(),
    url: "mqtt://192.0.2.1:1",
    open: () => {
      const failure = left.shift();
      return failure ? Promise.reject(failure) : Promise.resolve(DOOR);
    },
    log: createLog({
      level: "info",
      format: "text",
      write: (line) => void lines.push(line),
    }),
    signal: new AbortController().signal,
    pause: (ms) => Promise.resolve(void pauses.push(ms)),
  }, ABSENT);
  return { door, pauses, lines };
}

Deno.test("openWhenThere tries again with growing pauses, and tells of beginning and end", async () => {
  const { door, pauses, lines } = await waitThrough(new Array(7).fill(ABSENT));
  assert.equal(door, DOOR);
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
  assert.equal(lines.length, 2, lines.join("\n"));
  assert.match(lines[0]!, /WARN.*Waiting for an address.*192\.0\.2\.1:1/i);
  assert.match(lines[1]!, /INFO.*Listening.*192\.0\.2\.1:1/i);
});

Deno.test("openWhenThere tells once what stands in the way of an address that has come", async () => {
  const taken = new Deno.errors.AddrInUse("Address in use");
  const { door, lines } = await waitThrough([ABSENT, taken, taken, ABSENT]);
  assert.equal(door, DOOR);
  assert.equal(lines.length, 3, lines.join("\n"));
  assert.match(lines[1]!, /ERROR.*Cannot listen.*address in use/i);
});

Deno.test("Listener waits for an address and a name that are not there, until it is closed", async () => {
  for (const hostname of ["192.0.2.1", "gateway.invalid"]) {
    using listener = await TestListener.start({
      address: { protocol: "mqtt", hostname, port: 0 },
    });
    assert.equal(listener.address, undefined);
    await until("it says that it waits", () => listener.log.length > 0);
    assert.match(listener.log[0]!, /Waiting for an address to listen on/);
  }
});

Deno.test("Listener does not wait for a port that is taken, nor for an address of another kind", async () => {
  using taken = await TestListener.start({
    address: { protocol: "mqtt", hostname: "localhost", port: 0 },
  });
  const { address } = taken;
  assert.ok(address !== undefined && address.protocol !== "unix");
  await assert.rejects(
    TestListener.start({ address }),
    /Cannot listen on mqtt:\/\/(127\.0\.0\.1|\[::1\]):\d+: address (already )?in use/,
  );
  await assert.rejects(
    TestListener.start({ address: { ...address, hostname: "fe80::1" } }),
    /Cannot listen on mqtt:\/\/\[fe80::1\]:\d+: invalid argument/,
  );
});

Deno.test("bindAddress finds the address of a name", async () => {
  const door = await bindAddress({
    protocol: "mqtt",
    hostname: "localhost",
    port: 0,
  });
  door.close();
  assert.ok(door.address.protocol !== "unix");
  assert.match(door.address.hostname, /^(127\.0\.0\.1|::1)$/);
});
