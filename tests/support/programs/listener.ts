import assert from "node:assert/strict";
import { deadline } from "@std/async/deadline";
import { type Clock, SteadyClock } from "../../../src/core/clock.ts";
import { Counters } from "../../../src/core/counters.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { createLog } from "../../../src/core/log.ts";
import { TimerWheel } from "../../../src/core/timer_wheel.ts";
import {
  Listener,
  type ListenerHandle,
} from "../../../src/transport/listener/listener.ts";
import type { ListenerSettings } from "../../../src/transport/listener_settings.ts";
import type { Transport } from "../../../src/transport/transport.ts";
import { PATIENCE } from "../clients/inbox.ts";

/** A listener without a broker behind it. To be had with `using`. */
export class TestListener implements Disposable {
  /** The lines of its log. */
  readonly log: string[];
  /** What it counts. */
  readonly counters: Counters;
  readonly #handle: ListenerHandle;
  readonly #timers: TimerWheel;
  readonly #accepted: Transport[];
  readonly #waiting: ((transport: Transport) => void)[];
  readonly #all: Transport[] = [];

  private constructor(parts: {
    counters: Counters;
    log: string[];
    handle: ListenerHandle;
    timers: TimerWheel;
    accepted: Transport[];
    waiting: ((transport: Transport) => void)[];
  }) {
    this.log = parts.log;
    this.counters = parts.counters;
    this.#handle = parts.handle;
    this.#timers = parts.timers;
    this.#accepted = parts.accepted;
    this.#waiting = parts.waiting;
  }

  /** Starts to listen. */
  static async start(
    settings: ListenerSettings,
    { clock = new SteadyClock(), limits = {} }: {
      clock?: Clock;
      limits?: Partial<Limits>;
    } = {},
  ): Promise<TestListener> {
    const log: string[] = [];
    const accepted: Transport[] = [];
    const waiting: ((transport: Transport) => void)[] = [];
    const counters = new Counters();
    const timers = new TimerWheel(clock, {
      onError: (error) => assert.fail(String(error)),
    });
    const handle = await Listener.start({
      settings,
      clock,
      timers,
      counters,
      limits: { ...DEFAULT_LIMITS, ...limits },
      log: createLog({
        level: "info",
        format: "text",
        write: (line) => void log.push(line),
      }),
      onAccept: (transport) => {
        const next = waiting.shift();
        if (next === undefined) accepted.push(transport);
        else next(transport);
      },
    });
    return new TestListener({
      counters,
      log,
      handle,
      timers,
      accepted,
      waiting,
    });
  }

  /** Where it listens. */
  get address(): ListenerHandle["address"] {
    return this.#handle.address;
  }

  /** Days until its certificate expires. */
  get certificateDays(): number | undefined {
    return this.#handle.certificateDays;
  }

  /** The port on which it listens. */
  get port(): number {
    const { address } = this;
    assert.ok(address !== undefined && address.protocol !== "unix");
    return address.port;
  }

  /** The next connection that it hands over. It is closed at the end. */
  async accepted(): Promise<Transport> {
    const transport = this.#accepted.shift() ??
      await deadline(
        new Promise<Transport>((resolve) => this.#waiting.push(resolve)),
        PATIENCE,
      );
    this.#all.push(transport);
    return transport;
  }

  /** How many connections it has handed over that nobody has asked for. */
  get unasked(): number {
    return this.#accepted.length;
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.#handle.close();
    for (const transport of [...this.#all, ...this.#accepted]) {
      transport.close();
    }
    this.#timers.close();
  }
}
