// What a trace proves: no acknowledgement leaves before the fsync that covers what it acknowledges.

import { AcknowledgementType, type Packet, packetsOf } from "./streams.ts";
import type { Call } from "./trace.ts";

/** How a payload names its message, so that it can be found again in what goes to the disk. */
const MARKER = /message [\w-]+;/;

/** A payload that names a message. */
export function marker(name: string): string {
  return `message ${name};`;
}

/** What {@linkcode prove} found. */
export interface Proof {
  /** How many acknowledgements of each kind left. */
  readonly acknowledgements: Record<"puback" | "pubrec" | "pubcomp", number>;
  /** Each that left too early, in a sentence. */
  readonly violations: string[];
}

/** Looks at each acknowledgement that left. */
export function prove(calls: readonly Call[]): Proof {
  const disk = new Disk(calls);
  const proof: Proof = {
    acknowledgements: { puback: 0, pubrec: 0, pubcomp: 0 },
    violations: [],
  };
  const received = packetsOf(calls, /^recv/);
  for (const [connection, sent] of packetsOf(calls, /^(send|write)/)) {
    const asked = received.get(connection) ?? [];
    for (const packet of sent) {
      const kind = AcknowledgementType[packet.type];
      if (kind === undefined) continue;
      proof.acknowledgements[kind]++;
      const complaint = complain(packet, asked, disk);
      if (complaint === undefined) continue;
      proof.violations.push(`${kind} ${packet.packetId}: ${complaint}`);
    }
  }
  return proof;
}

/** Says what is wrong with an acknowledgement, if anything. */
function complain(
  packet: Packet,
  asked: readonly Packet[],
  disk: Disk,
): string | undefined {
  const completes = AcknowledgementType[packet.type] === "pubcomp";
  const question = asked.findLast((one) =>
    one.packetId === packet.packetId && one.ended < packet.began &&
    one.isPubrel === completes
  );
  if (question === undefined) return "nothing was received that it answers";
  const [name] = MARKER.exec(question.text) ?? [];
  if (completes) {
    return disk.coversAny(question.ended, packet.began)
      ? undefined
      : "it left before what PUBREL asks for was on the disk";
  }
  if (name === undefined) return "its message has no name";
  return disk.covers(name, packet.began)
    ? undefined
    : `it left before ${name} was on the disk`;
}

/** What went to the write-ahead log, and when the disk had it. */
class Disk {
  /** When each message was written into the log first. */
  readonly #written = new Map<string, Call>();
  readonly #writes: readonly Call[];
  readonly #syncs: readonly Call[];

  constructor(calls: readonly Call[]) {
    const log = calls.filter(({ file }) => file.endsWith(".db-wal"));
    this.#writes = log.filter(({ name }) => /^p?write/.test(name));
    this.#syncs = log.filter(({ name }) => /sync$/.test(name));
    const decoder = new TextDecoder("latin1");
    const markers = new RegExp(MARKER, "g");
    for (const write of this.#writes) {
      for (const [name] of decoder.decode(write.bytes).matchAll(markers)) {
        if (!this.#written.has(name)) this.#written.set(name, write);
      }
    }
  }

  /** Whether the disk had a message at that moment. */
  covers(name: string, at: number): boolean {
    const write = this.#written.get(name);
    return write !== undefined && this.#synced(write, at);
  }

  /** Whether something was written after one moment that the disk had at the other. */
  coversAny(after: number, at: number): boolean {
    return this.#writes.some((write) =>
      write.began > after && this.#synced(write, at)
    );
  }

  #synced(write: Call, at: number): boolean {
    return this.#syncs.some((sync) =>
      sync.began > write.ended && sync.ended < at
    );
  }
}
