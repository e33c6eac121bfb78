// A broker whose Store breaks its word: `unfaithful_broker.ts FAULT FOLDER`. To be run as main.ts is.

import { Broker } from "../../../src/broker.ts";
import { SteadyClock } from "../../../src/core/clock.ts";
import { formatAddress } from "../../../src/transport/listener_settings.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite_store.ts";
import {
  earlyStore,
  type Fault,
  syncNothing,
} from "../stores/unfaithful_store.ts";

/** Milliseconds that a lazy store lets pass. */
const LAZY = 50;

const [fault, folder] = Deno.args as [Fault, string];
if (fault === "unsynced") syncNothing();
const clock = new SteadyClock();
const store = new SqliteStore({ folder, clock });
const broker = await Broker.start({
  listeners: [{
    listener: {
      address: { protocol: "mqtt", hostname: "127.0.0.1", port: 0 },
    },
  }],
  limits: DEFAULT_LIMITS,
  clock,
  store: fault === "unsynced"
    ? store
    : earlyStore(store, fault === "lazy" ? LAZY : 0),
});
const line = `Listening url=${formatAddress(broker.addresses[0]!)}\n`;
Deno.stderr.writeSync(new TextEncoder().encode(line));
const { promise: told, resolve } = Promise.withResolvers<void>();
Deno.addSignalListener("SIGTERM", resolve);
await told;
await broker.shutdown();
Deno.exit(0);
