/** Machines that do not know the time when they boot, and are told later. */

import assert from "node:assert/strict";
import { Broker } from "../../../src/broker.ts";
import { ManualClock } from "../../../src/core/clock.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import { Contents } from "../../../src/store/contents.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";
import type { StoreEvents, StoreReader } from "../../../src/store/store.ts";
import { Client } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import {
  canSetClock,
  MachineClock,
} from "../../support/programs/machine_clock.ts";
import { succeeds } from "../../support/programs/commands.ts";
import { Program } from "../../support/programs/program.ts";
import { payloadText } from "../../support/clients/read_packets.ts";

const UNKNOWN = "1970-01-01 00:00:20";
const TODAY = "2026-11-25 10:00:00";
const MINUTES = 600;

/** Runs a command on a machine whose clock systemd has set. */
const SYNCHRONISED: readonly [string, ...string[]] = [
  "unshare",
  ...["--mount", "sh", "-c"],
  'mount -t tmpfs none /run && mkdir -p /run/systemd/timesync && touch /run/systemd/timesync/synchronized && exec "$@"',
  "sh",
];

const named = (name: string) =>
  `${name}${canSetClock ? "" : " (ignored: Debian's faketime is not here)"}`;

/** A broker on a machine with such a clock. */
class Machine implements AsyncDisposable {
  readonly #folder: ConfigFolder;
  readonly #clock: MachineClock;

  private constructor(folder: ConfigFolder) {
    this.#folder = folder;
    this.#clock = new MachineClock(folder.file("clock"));
  }

  static async make(): Promise<Machine> {
    return new Machine(await ConfigFolder.make());
  }

  /** Sets the clock. */
  set(moment: string): Promise<void> {
    return this.#clock.set(moment);
  }

  /** Boots it at a moment by its clock. */
  async boot(
    moment: string,
    wrapper: readonly string[] = [],
  ): Promise<Program> {
    await this.set(moment);
    const { env } = this.#clock;
    class Here extends Program {
      protected static override readonly env = env;
      protected static override readonly wrapper = wrapper;
    }
    return new Here(
      "--listen=mqtt://127.0.0.1:0",
      `--data=${this.#folder.file("data")}`,
      `--control=${this.#folder.file("control.sock")}`,
    );
  }

  /** What a command says of the broker. */
  async ask(command: string): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await this.#folder.control(command, "--json");
    return JSON.parse(stdout || stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}

const sleeper = {
  clientId: "sleeper",
  clean: false,
  properties: { sessionExpiryInterval: MINUTES },
};
const mortal = (willDelayInterval: number) => ({
  clientId: `mortal ${willDelayInterval}`,
  properties: { sessionExpiryInterval: MINUTES },
  will: {
    topic: `will/${willDelayInterval}`,
    properties: { willDelayInterval },
  },
});

async function connect(
  program: Program,
  options?: Parameters<typeof Client.connect>[1],
): Promise<Client> {
  const address = { hostname: "127.0.0.1", port: await program.port() };
  return await Client.connect(address, options);
}

/** Requires that all is there that was left for some minutes. */
async function expectKept(program: Program): Promise<void> {
  const client = await connect(program, sleeper);
  assert.ok(client.connack.sessionPresent, "the session is there");
  await client.subscribe("retained", { qos: 1 });
  const message = await client.message();
  assert.equal(payloadText(message), "kept");
  await client.subscribe("will/#");
  await client.expectNothing();
  await client.disconnect();
}

async function stop(program: Program): Promise<void> {
  program.signal("SIGTERM");
  assert.equal((await program.end()).status, 0);
}

Deno.test({
  name: named(
    "clock: nothing expires because it is set from 1970 to today, in the running broker or between two boots",
  ),
  ignore: !canSetClock,
  async fn() {
    await using machine = await Machine.make();
    {
      await using program = await machine.boot(UNKNOWN);
      await (await connect(program, sleeper)).disconnect();
      const publisher = await connect(program);
      await publisher.publish("retained", "kept", {
        qos: 1,
        retain: true,
        properties: { messageExpiryInterval: MINUTES },
      });
      await (await connect(program, mortal(MINUTES))).close();
      const watcher = await connect(program);
      await watcher.subscribe("will/#");
      await machine.set(TODAY);
      await expectKept(program);
      // What is due comes nevertheless.
      await (await connect(program, mortal(1))).close();
      assert.equal((await watcher.message()).topic, "will/1");

      const { startedAt } = await machine.ask("status");
      assert.equal(new Date(Number(startedAt)).getUTCFullYear(), 2026);
      const clients = await machine.ask("clients") as unknown as {
        connection: { since: number };
      }[];
      for (const { connection } of clients) {
        assert.equal(new Date(connection.since).getUTCFullYear(), 2026);
      }
      await publisher.subscribe("$SYS/broker/uptime");
      const uptime = payloadText(await publisher.message());
      assert.ok(parseInt(uptime) < 60, uptime);
      for (const client of [publisher, watcher]) await client.close();
      await stop(program);
    }
    for (const moment of [UNKNOWN, TODAY]) {
      await using program = await machine.boot(moment);
      await expectKept(program);
      await stop(program);
    }
  },
});

/** A clock that can be set, as the broker's can. */
class SettableClock extends ManualClock {
  #ahead = 0;

  override now(): number {
    return super.now() + this.#ahead;
  }

  set(now: number): void {
    this.#ahead = now - super.now();
  }
}

/** A store that knows, besides, what the broker's clock showed last. */
class ResumingStore extends MemoryStore {
  readonly #now: number;

  constructor(kept: Contents, now: number) {
    super("atOnce", kept);
    this.#now = now;
  }

  override open(events: StoreEvents, reader: StoreReader): Promise<void> {
    events.resumed(this.#now);
    return super.open(events, reader);
  }
}

Deno.test("clock: a retained message is judged by the clock that goes on, not by the machine's", async () => {
  const listen = { protocol: "mqtt", hostname: "127.0.0.1", port: 0 } as const;
  const kept = new Contents();
  const YEAR = 365 * 86_400_000;
  for (const now of [YEAR, YEAR + 5000]) {
    const store = new ResumingStore(kept, now);
    const clock = new SettableClock();
    const broker = await Broker.start({
      listeners: [{ listener: { address: listen } }],
      limits: DEFAULT_LIMITS,
      clock,
      store,
    });
    const [address] = broker.addresses;
    assert.ok(address !== undefined && "port" in address);
    const client = await Client.connect(address);
    if (now === YEAR) {
      await client.publish("retained", "kept", {
        qos: 1,
        retain: true,
        properties: { messageExpiryInterval: MINUTES },
      });
    } else {
      clock.advance(1000);
      await client.subscribe("retained");
      assert.equal(payloadText(await client.message()), "kept");
    }
    await client.disconnect();
    await broker.shutdown();
    store.kept.copyTo(kept);
  }
});

/** Leaves a session, its message and a retained one for some minutes, and kills the broker. */
async function leave(program: Program): Promise<void> {
  const away = await connect(program, sleeper);
  await away.subscribe("owed", { qos: 1 });
  await away.disconnect();
  const publisher = await connect(program);
  const expiring = {
    qos: 1,
    properties: { messageExpiryInterval: MINUTES },
  } as const;
  await publisher.publish("owed", "owed", expiring);
  await publisher.publish("retained", "kept", { ...expiring, retain: true });
  await publisher.disconnect();
  program.signal("SIGKILL");
  await program.end();
}

const TOMORROW = "2026-11-26 10:00:00";

Deno.test({
  name: named(
    "clock: a clock that is a day ahead at a start ends no session and drops no message",
  ),
  ignore: !canSetClock,
  async fn() {
    await using machine = await Machine.make();
    {
      await using program = await machine.boot(TODAY);
      await leave(program);
    }
    for (const moment of [TOMORROW, TODAY]) {
      await using program = await machine.boot(moment);
      const told = /clock has gone further.*seconds=86\d\d\d/;
      if (moment === TOMORROW) await program.line(told);
      const away = await connect(program, sleeper);
      assert.ok(away.connack.sessionPresent, "the session is there");
      // Not acknowledged, so that it comes again.
      assert.equal(payloadText(await away.expect("publish")), "owed");
      await away.subscribe("retained");
      assert.equal(payloadText(await away.expect("publish")), "kept");
      await away.disconnect();
      await stop(program);
      assert.ok(
        moment === TOMORROW || !program.lines.some((line) => told.test(line)),
      );
    }
  },
});

const canMount = await succeeds(...SYNCHRONISED, "true");

Deno.test({
  name: named(
    `clock: a day that has passed by a synchronised clock ends sessions, and expires messages${
      canMount ? "" : " (ignored: nothing can be mounted here)"
    }`,
  ),
  ignore: !canSetClock || !canMount,
  async fn() {
    await using machine = await Machine.make();
    {
      await using program = await machine.boot(TODAY);
      await leave(program);
    }
    await using program = await machine.boot(TOMORROW, SYNCHRONISED);
    const away = await connect(program, sleeper);
    assert.ok(!away.connack.sessionPresent, "the session has ended");
    await away.subscribe("retained");
    await away.expectNothing();
    await away.disconnect();
    await stop(program);
  },
});
