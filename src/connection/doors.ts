import { isSocket } from "../transport/protocols.ts";
import { describeError } from "../core/errors.ts";
import type { InheritedSockets } from "../transport/socket/inherited_sockets.ts";
import {
  Listener,
  type ListenerHandle,
} from "../transport/listener/listener.ts";
import {
  formatAddress,
  type ListenerSettings,
  type PortAddress,
  type SocketAddress,
} from "../transport/listener_settings.ts";
import {
  Door,
  type DoorContext,
  type DoorLogs,
  doorLogs,
  type DoorSettings,
} from "./door.ts";

/** A listener, and what holds for those who come through it. */
export interface DoorOptions extends DoorSettings {
  /** Where it listens, and how. */
  readonly listener: ListenerSettings;
}

/** An entry that is open. */
interface Open {
  options: DoorOptions;
  listener: ListenerHandle;
  readonly door: Door;
}

/** A listener as it is at one moment. */
export interface DoorState {
  /** Its URL as it was asked for. */
  readonly name: string;
  /** Where it listens; `undefined` while its address is not there. */
  readonly address: PortAddress | SocketAddress | undefined;
  /** The same as IP addresses: several where its host name has several. */
  readonly addresses: readonly (PortAddress | SocketAddress)[];
  /** Connections through it. */
  readonly connections: number;
  /** Days until its certificate expires; `undefined` without TLS. */
  readonly certificateDays: number | undefined;
}

/** A listener's URL: with the port that the system chose, or as it was asked for while its address is not there. */
export function urlOf({ name, address }: DoorState): string {
  return address === undefined ? name : formatAddress(address);
}

/** All listeners of a broker, by their addresses: what is open, and what changes of it while the broker runs. */
export class Doors {
  readonly #context: DoorContext;
  readonly #logs: DoorLogs;
  readonly #inherited: InheritedSockets | undefined;
  #open = new Map<string, Open>();

  /** Opens none yet. Those that come to be opened take sockets that were passed, where there are some. */
  constructor(context: DoorContext, inherited?: InheritedSockets) {
    this.#context = context;
    this.#inherited = inherited;
    this.#logs = doorLogs(context, () => this.states.map(urlOf));
  }

  /** The listeners, in the order in which they were asked for. */
  get listeners(): readonly ListenerHandle[] {
    return [...this.#open.values()].map(({ listener }) => listener);
  }

  /** The listeners, each as it is now. */
  get states(): readonly DoorState[] {
    return [...this.#open.values()].map(({ listener, door }) => ({
      name: door.name,
      address: listener.address,
      addresses: listener.addresses,
      connections: door.size,
      certificateDays: listener.certificateDays,
    }));
  }

  /**
   * Has these doors open, and no others. Connections that may stay do: those of a door that is closed are ended, and
   * those whose clients would not be let in any more. Certificates are read anew. What else is to change at that moment
   * is done by `withThem`.
   *
   * @throws {StartError} If one cannot be opened; nothing has changed then.
   */
  async change(
    doors: readonly DoorOptions[],
    withThem: () => void = () => {},
  ): Promise<void> {
    const former = this.#open;
    const open = new Map<string, Open>();
    /** Lets people in through what is new: not before all of it is there, since only then all that is new holds. */
    const { promise: ready, resolve: complete } = Promise.withResolvers<void>();
    const opened: ListenerHandle[] = [];
    const closed: Open[] = [];
    const exchanges: (() => void)[] = [];
    const close = async (entry: Open) => {
      closed.push(entry);
      await entry.listener.close();
    };
    const listen = async (options: DoorOptions, door: Door) => {
      const listener = await this.#listen(options, door, ready);
      opened.push(listener);
      return listener;
    };
    try {
      for (const entry of inTheWay(former, doors)) await close(entry);
      for (const [at, options] of doors.entries()) {
        const key = keyOf(options.listener, at);
        const old = former.get(key);
        if (old === undefined) {
          const door = this.#door(options);
          const listener = await listen(options, door);
          open.set(key, { options, listener, door });
        } else if (isSame(old.options.listener, options.listener)) {
          exchanges.push(await old.listener.renewCertificates());
          open.set(key, { ...old, options });
        } else {
          await close(old);
          const listener = await listen(options, old.door);
          open.set(key, { options, listener, door: old.door });
        }
      }
    } catch (error) {
      const ended = opened.map((listener) => listener.close());
      complete();
      await Promise.all(ended);
      for (const entry of closed) await this.#reopen(entry);
      throw error;
    }
    this.#open = open;
    for (const exchange of exchanges) exchange();
    withThem();
    for (const { door, options } of open.values()) door.change(options);
    for (const [key, { listener, door }] of former) {
      if (open.has(key)) continue;
      listener.close();
      // Its clients take their leave while the broker goes on.
      door.end("administrative");
    }
    complete();
  }

  /** Lets nobody in any more. */
  close(): void {
    for (const { listener } of this.#open.values()) listener.close();
  }

  /** Ends all connections, and resolves when nothing is left of them. */
  async end(): Promise<void> {
    const doorways = [...this.#open.values()].map(({ door }) => door);
    await Promise.all(doorways.map((door) => door.end("shutdown")));
  }

  #door(options: DoorOptions): Door {
    const name = formatAddress(options.listener.address);
    return new Door(this.#context, this.#logs, name, options);
  }

  /** Opens a door again that was closed for a change that came to nothing. */
  async #reopen(entry: Open): Promise<void> {
    const { options, door } = entry;
    try {
      entry.listener = await this.#listen(options, door);
    } catch (error) {
      // What was in the way of the change must not hide behind this.
      this.#context.log.error("Cannot open a listener again", {
        url: door.name,
        error: describeError(error),
      });
    }
  }

  async #listen(
    options: DoorOptions,
    door: Door,
    ready?: Promise<void>,
  ): Promise<ListenerHandle> {
    return await Listener.start({
      ...this.#context,
      settings: options.listener,
      onAccept: (transport) => door.accept(transport),
      ...(ready && { ready }),
      ...(this.#inherited && { inherited: this.#inherited }),
    });
  }
}

/** Doors that go away, and whose port others are to have: on another address, or with another protocol. */
function inTheWay(
  former: ReadonlyMap<string, Open>,
  doors: readonly DoorOptions[],
): Open[] {
  const keys = new Set(doors.map(({ listener }, at) => keyOf(listener, at)));
  const ports = new Set(doors.map(({ listener }) => portOf(listener)));
  return [...former].filter(([key, { options }]) => {
    const port = portOf(options.listener);
    return !keys.has(key) && port !== undefined && ports.has(port);
  }).map(([, entry]) => entry);
}

/** The port that a listener asks for; `undefined` for any free one, and for a socket. */
function portOf({ address }: ListenerSettings): number | undefined {
  return isSocket(address) ? undefined : address.port || undefined;
}

/** What is the same for a door before and after a change. Doors on any free port are told apart by their order. */
function keyOf({ address }: ListenerSettings, at: number): string {
  if (isSocket(address)) return address.path;
  const { protocol, hostname, port } = address;
  return `${protocol} ${hostname} ${port === 0 ? `any, ${at}` : port}`;
}

/** Whether two listeners are the same in all that needs a new one. */
function isSame(one: ListenerSettings, other: ListenerSettings): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
