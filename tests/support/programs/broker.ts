import assert from "node:assert/strict";
import type { ScopedLimits } from "../../../src/core/scoped_limits.ts";
import type { Authenticator } from "../../../src/auth/methods/method.ts";
import type { DoorOptions } from "../../../src/connection/doors.ts";
import { Broker } from "../../../src/broker.ts";
import { ManualClock } from "../../../src/core/clock.ts";
import { Counters } from "../../../src/core/counters.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { createLog } from "../../../src/core/log.ts";
import { readListener } from "../../../src/config/listeners/url.ts";
import { formatAddress } from "../../../src/transport/listener_settings.ts";
import type { DurabilityRules } from "../../../src/router/topics/durability_rules.ts";
import type { QueuePolicies } from "../../../src/session/queue_policy.ts";
import type { RightsSource } from "../../../src/session/rights.ts";
import type { Store } from "../../../src/store/store.ts";
import { type Address, Client } from "../clients/client.ts";
import { PATIENCE } from "../clients/inbox.ts";
import type { ConnectOptions, Version } from "../clients/write_packets.ts";

/** How a {@linkcode TestBroker} differs from a broker as anyone would start it. */
export interface TestBrokerOptions {
  /** Limits other than the defaults. */
  limits?: Partial<Limits>;
  /** Time that stands still until {@linkcode TestBroker.advance} moves it. */
  manualClock?: boolean;
  /** In place of the store that keeps nothing. */
  store?: Store;
  /** What of it that store keeps, in place of all. */
  durability?: DurabilityRules;
  /** Who may come in, in place of everybody. */
  authenticator?: Authenticator;
  /** What those may use who come in. */
  clientLimits?: ScopedLimits;
  /** What users may use, by their names. */
  userLimits?: Readonly<Record<string, ScopedLimits>>;
  /** Where it listens beside its first address: URLs as `--listen` takes them. */
  alsoListen?: readonly string[];
  /** What becomes of messages where there are too many, in place of the default. */
  queuePolicies?: QueuePolicies;
  /** Who may do what, in place of all being allowed. */
  rights?: RightsSource;
}

/** A broker in this process, and the clients that a test connects to it. To be had with `await using`. */
export class TestBroker implements AsyncDisposable {
  /** Where it listens. */
  readonly address: Address;
  /** What it counts. */
  readonly counters: Counters;
  /** The lines of its log, at level `info`. */
  readonly log: string[];
  readonly #broker: Broker;
  readonly #clock: ManualClock | undefined;
  readonly #door: DoorOptions;
  readonly #clients: Client[] = [];

  private constructor(
    broker: Broker,
    counters: Counters,
    log: string[],
    clock: ManualClock | undefined,
    door: DoorOptions,
  ) {
    const address = broker.addresses[0];
    assert.ok(address !== undefined && "port" in address);
    this.address = { hostname: "127.0.0.1", port: address.port };
    this.counters = counters;
    this.log = log;
    this.#broker = broker;
    this.#clock = clock;
    this.#door = door;
  }

  /** Starts a broker on a free port of the loopback interface. */
  static async start(options: TestBrokerOptions = {}): Promise<TestBroker> {
    const counters = new Counters();
    const lines: string[] = [];
    const clock = options.manualClock ? new ManualClock() : undefined;
    const door = {
      listener: {
        address: { protocol: "mqtt", hostname: "127.0.0.1", port: 0 },
      },
      ...(options.authenticator && { authenticator: options.authenticator }),
      ...(options.clientLimits && { limits: options.clientLimits }),
    } as const;
    const broker = await Broker.start({
      listeners: [
        door,
        ...(options.alsoListen ?? []).map((url) => ({
          listener: readListener(url),
        })),
      ],
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      log: createLog({
        level: "info",
        format: "text",
        write: (line) => void lines.push(line),
      }),
      counters,
      ...(clock ? { clock } : {}),
      ...(options.store ? { store: options.store } : {}),
      ...(options.durability ? { durability: options.durability } : {}),
      ...(options.queuePolicies
        ? { queuePolicies: options.queuePolicies }
        : {}),
      ...(options.rights ? { rights: options.rights } : {}),
      userLimits: new Map(Object.entries(options.userLimits ?? {})),
    });
    return new TestBroker(broker, counters, lines, clock, door);
  }

  /** The URLs of all addresses on which it listens, without their settings. */
  get urls(): string[] {
    return this.#broker.addresses.map(formatAddress);
  }

  /** Connects a client, which must be accepted. */
  async connect(options: ConnectOptions = {}): Promise<Client> {
    const client = await Client.connect(this.address, options);
    this.#clients.push(client);
    return client;
  }

  /** Opens a connection without CONNECT. */
  async open(version: Version = 5): Promise<Client> {
    const client = await Client.open(this.address, version);
    this.#clients.push(client);
    return client;
  }

  /** Moves the manual clock on. */
  advance(milliseconds: number): void {
    assert.ok(this.#clock, "No manual clock");
    this.#clock.advance(milliseconds);
  }

  /**
   * Moves the manual clock on in small steps until `client` is sent something or its connection ends, and returns by
   * how many milliseconds: never fewer than the broker had to wait, if that wait began after the call.
   */
  async advanceUntilSent(client: Client, step = 100): Promise<number> {
    let arrived = false;
    const arrival = client.peek().then(() => arrived = true);
    const deadline = performance.now() + PATIENCE;
    let elapsed = 0;
    while (!arrived) {
      assert.ok(performance.now() < deadline, `Nothing sent after ${elapsed}`);
      this.advance(step);
      elapsed += step;
      await pause(2);
    }
    await arrival;
    return elapsed;
  }

  /** Resolves to an exit status if the broker ends of its own accord. */
  get finished(): Promise<number> {
    return this.#broker.finished;
  }

  /** Ends clients that were let in with what holds no more. */
  recheck(): Promise<void> {
    return this.#broker.changeListeners([this.#door]);
  }

  /** Has another one find out who clients are, as a reload does. */
  changeAuthenticator(authenticator: Authenticator): Promise<void> {
    return this.#broker.changeListeners([{ ...this.#door, authenticator }]);
  }

  /** Has other limits hold from now on, as a reload does, and no rules. */
  changeLimits(
    { clientLimits, userLimits = {} }: Pick<
      TestBrokerOptions,
      "clientLimits" | "userLimits"
    >,
  ): Promise<void> {
    const { limits: _, ...door } = this.#door;
    return this.#broker.changeAccess({
      listeners: [{ ...door, ...(clientLimits && { limits: clientLimits }) }],
      rights: undefined,
      userLimits: new Map(Object.entries(userLimits)),
    });
  }

  /** Raises an alarm, which is a message of the broker's own. */
  alarm(name: string, sentence: string): void {
    this.#broker.alarms.raise(name, "test", sentence);
  }

  /** Has other rules hold from now on. */
  async changeRights(source: RightsSource | undefined): Promise<void> {
    this.#broker.changeRights(source);
    await this.#broker.answer();
  }

  /** Ends the broker as SIGTERM would. */
  shutdown(): Promise<void> {
    return this.#broker.shutdown();
  }

  /** Ends all clients and the broker, of which nothing must be left then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.shutdown();
    const { connectionsNow, clientsNow } = this.counters;
    assert.deepEqual({ connectionsNow, clientsNow }, {
      connectionsNow: 0,
      clientsNow: 0,
    });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until something observable from outside holds, looking again every few milliseconds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!await holds()) {
    assert.ok(performance.now() < deadline, `Waited too long until ${what}`);
    await pause(2);
  }
}
