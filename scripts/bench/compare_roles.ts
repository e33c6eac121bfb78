/** Clients of compare.ts that do more than write and count bytes: they keep to a rate, or acknowledge. */

import { setImmediate } from "node:timers/promises";
import { joinAll } from "../../tests/support/bytes.ts";
import { acknowledgement } from "../../tests/support/clients/write_packets.ts";
import { type Backlog, read, READ_SIZE, writeAll } from "./compare_clients.ts";

/** Messages that a publisher has sent and that were not yet acknowledged, at most. */
const WINDOW = 100;

const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBREL = 0x62;
const PUBCOMP = 0x70;
/** The size of these four. */
const ACKNOWLEDGEMENT_SIZE = 4;

/** What a receiver answers to PUBLISH at QoS 1 and at QoS 2, and to PUBREL. */
const ANSWERS: ReadonlyMap<number, number> = new Map([
  [0x32, PUBACK],
  [0x34, PUBREC],
  [PUBREL, PUBCOMP],
]);

/** Publishes one packet at a time, each client its own by turns, so many a second in all; rejects if it is late at the end. */
export async function publishAtRate(
  conns: readonly Deno.Conn[],
  { packets, rate }: {
    readonly packets: readonly Uint8Array[];
    readonly rate: number;
  },
  backlog: Backlog,
): Promise<void> {
  const start = performance.now();
  let sent = 0;
  const late = () =>
    Math.floor((performance.now() - start) / 1000 * rate) - sent;
  while (backlog.running) {
    // No client twice at the same time, however late it is.
    const length = Math.min(late(), conns.length);
    const writes = Array.from({ length }, () => {
      const who = sent++ % conns.length;
      backlog.published += packets[who]!.length;
      return writeAll(conns[who]!, packets[who]!);
    });
    await Promise.all(writes);
    await setImmediate(); // A timer would make bursts of what should come evenly.
  }
  if (late() > rate / 5) throw new Error(`${late()} messages were not sent`);
}

/** What is done with packets that come in. */
export interface Receiver {
  /** Takes one packet, which begins here. */
  take(bytes: Uint8Array, at: number): void;
  /** Answers all packets that were taken since the last time; returns whether to go on. */
  answer(): Promise<boolean>;
}

/** Reads PUBLISHes, which all have the same size, and acknowledgements. */
export async function receive(
  conn: Deno.Conn,
  publishSize: number,
  receiver: Receiver,
): Promise<void> {
  const buffer = new Uint8Array(READ_SIZE);
  let end = 0;
  do {
    end += await read(conn, buffer.subarray(end));
    let at = 0;
    for (;;) {
      const isPublish = buffer[at]! >> 4 === 3;
      const next = at + (isPublish ? publishSize : ACKNOWLEDGEMENT_SIZE);
      if (next > end) break;
      receiver.take(buffer, at);
      at = next;
    }
    buffer.copyWithin(0, at, end);
    end -= at;
  } while (await receiver.answer());
}

/** Packets whose identifiers go round from 1 to the window's size, of which up to a window can be sent in one piece. */
class Ring {
  /** How many were taken. */
  taken = 0;
  readonly #size: number;
  readonly #packets: Uint8Array;

  constructor(packet: (id: number) => Uint8Array) {
    const round = Array.from({ length: WINDOW }, (_, n) => packet(n + 1));
    this.#size = round[0]!.length;
    this.#packets = joinAll([...round, ...round]);
  }

  /** The next ones. */
  take(count: number): Uint8Array {
    const start = this.taken % WINDOW * this.#size;
    this.taken += count;
    return this.#packets.subarray(start, start + count * this.#size);
  }
}

/** Acknowledgements come in the order of what they acknowledge [MQTT-4.6.0-2] [MQTT-4.6.0-3]. */
function checkOrder(id: number, count: number): void {
  const expected = count % WINDOW + 1;
  if (id === expected) return;
  throw new Error(`The broker acknowledges ${id} in place of ${expected}`);
}

/** Publishes a packet over and over, a window of them at a time, and completes each exchange. */
export async function publishWindow(
  conn: Deno.Conn,
  { packet, publishSize, qos }: {
    readonly packet: (id: number) => Uint8Array;
    readonly publishSize: number;
    readonly qos: number;
  },
  backlog: Backlog,
): Promise<void> {
  const publishes = new Ring(packet);
  const releases = new Ring((id) => acknowledgement(4, "pubrel", id));
  const last = qos === 1 ? PUBACK : PUBCOMP;
  let received = 0;
  let complete = 0;

  await backlog.admit(WINDOW * publishSize);
  await writeAll(conn, publishes.take(WINDOW));
  await receive(conn, publishSize, {
    take(bytes, at) {
      const id = bytes[at + 2]! << 8 | bytes[at + 3]!;
      if (bytes[at] === last) checkOrder(id, complete++);
      else if (bytes[at] === PUBREC) checkOrder(id, received++);
      else throw new Error("Not an acknowledgement");
    },
    async answer() {
      let answers = releases.take(received - releases.taken);
      const free = WINDOW + complete - publishes.taken;
      if (free > 0 && backlog.running) {
        const wait = backlog.admit(free * publishSize);
        if (wait !== undefined) {
          // What is under way cannot arrive without them.
          await writeAll(conn, answers);
          await wait;
          answers = releases.take(0);
        }
        answers = joinAll([answers, publishes.take(free)]);
      }
      await writeAll(conn, answers);
      return complete < publishes.taken;
    },
  });
}

/** Counts what is delivered, and acknowledges it as its QoS asks for. */
export async function acknowledgeAll(
  conn: Deno.Conn,
  { publishSize, idAt }: {
    readonly publishSize: number;
    /** Where in a PUBLISH its identifier is. */
    readonly idAt: number;
  },
  backlog: Backlog,
): Promise<void> {
  const answers = new Uint8Array(READ_SIZE);
  let length = 0;
  let count = 0;
  await receive(conn, publishSize, {
    take(bytes, at) {
      const answer = ANSWERS.get(bytes[at]!);
      if (answer === undefined) throw new Error("Not a message");
      if (answer !== PUBCOMP) count++;
      const id = at + (answer === PUBCOMP ? 2 : idAt);
      answers[length++] = answer;
      answers[length++] = 2;
      answers[length++] = bytes[id]!;
      answers[length++] = bytes[id + 1]!;
    },
    async answer() {
      await writeAll(conn, answers.subarray(0, length));
      backlog.deliver(count * publishSize);
      length = count = 0;
      return true;
    },
  });
}
