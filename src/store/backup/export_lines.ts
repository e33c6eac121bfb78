// The store as lines of JSON. Read this file (what is in them), export_message.ts and import_line.ts (the way back).

import type { DatabaseSync } from "node:sqlite";
import { exportMessage, type MessageObject } from "./export_message.ts";
import { MessageBodies, type StoredBody } from "../journal/message_body.ts";
import { MetaTable } from "../tables/meta.ts";
import type { KeptTime } from "../tables/service_time.ts";
import { countKinds, type StoredKind } from "./summary.ts";
import type { RowSink } from "../tables/verified_rows.ts";
import { readStoredRows, type RowProblem } from "../tables/stored_rows.ts";

/** What an export is, in its first line. */
export const EXPORT_FORMAT = "mailboxqtt store";

/** The version of its lines. */
export const EXPORT_VERSION = 2;

/** A line of an export. Times are milliseconds of the broker's clock, `null` is for ever. */
export type ExportLine =
  | {
    readonly type: "header";
    readonly format: string;
    readonly version: number;
    /** When it was made, for people. */
    readonly time: string;
    /** What the clocks said when the broker noted them last. */
    readonly clock?: KeptTime | undefined;
    /** Rows by kind, for people. */
    readonly counts: Readonly<Record<StoredKind, number>>;
  }
  | {
    readonly type: "session";
    readonly client: string;
    readonly expiryInterval: number | null;
    /** Left out while it is online. */
    readonly endedAt?: number | undefined;
    /** Left out for one that is nobody's in particular. */
    readonly user?: string | undefined;
  }
  | {
    readonly type: "subscription";
    readonly client: string;
    readonly filter: string;
    readonly qos: number;
    readonly noLocal: boolean;
    readonly retainAsPublished: boolean;
    readonly retainHandling: number;
    readonly identifier: number;
  }
  | {
    readonly type: "received";
    readonly client: string;
    readonly packetId: number;
  }
  | {
    readonly type: "delivery";
    readonly owner: string;
    readonly number: number;
    readonly qos: number;
    readonly retain: boolean;
    readonly identifiers: readonly number[];
    /** One that several deliveries share is there once, with an `id`; the others give only that. */
    readonly message: MessageObject | number;
  }
  /** To whom a delivery went; in the order in which they were sent. */
  | {
    readonly type: "assignment";
    readonly owner: string;
    readonly number: number;
    readonly client: string;
    readonly packetId: number;
    /** Whether PUBREC came. */
    readonly released: boolean;
  }
  | { readonly type: "retained"; readonly message: MessageObject }
  | {
    readonly type: "will";
    readonly client: string;
    readonly delayInterval: number;
    readonly expiryInterval: number | null;
    /** Left out for one that is nobody's in particular. */
    readonly user?: string | undefined;
    readonly message: MessageObject;
  }
  /** The last line: the export is complete. */
  | {
    readonly type: "end";
    /** Lines before it. */
    readonly lines: number;
    /** Rows that were left out since they are damaged. */
    readonly damaged: number;
  };

/** What {@linkcode exportLines} needs. */
export interface ExportOptions {
  /** What is exported, in a transaction of its own. */
  readonly database: DatabaseSync;
  /** The time to put into the header. */
  readonly time: Date;
  /** Is told of each row that is left out. */
  readonly problem: (problem: RowProblem) => void;
}

/** All that a store holds, as lines that end with a line feed, in pieces of one or a few. */
export function* exportLines(
  { database, time, problem }: ExportOptions,
): Generator<string> {
  let lines = 0;
  let text = "";
  const write = (line: ExportLine) => {
    text += `${JSON.stringify(line)}\n`;
    lines++;
  };
  write({
    type: "header",
    format: EXPORT_FORMAT,
    version: EXPORT_VERSION,
    time: time.toISOString(),
    clock: portableClock(new MetaTable(database).get("clock")),
    counts: countKinds(database),
  });
  let damaged = 0;
  const sink = new LineSink(write);
  const rows = readStoredRows({
    database,
    sink,
    problem: (one) => {
      damaged++;
      problem(one);
    },
  });
  for (const _row of rows) {
    // What is released is told behind its assignment, both at one row.
    sink.flush();
    yield text;
    text = "";
  }
  write({ type: "end", lines, damaged });
  yield text;
}

/** Makes lines of what it is told. */
class LineSink implements RowSink {
  readonly #write: (line: ExportLine) => void;
  readonly #bodies = new MessageBodies();
  /** Shared messages that are in a line already. */
  #shared = 0;
  #assignment: Extract<ExportLine, { type: "assignment" }> | undefined;

  constructor(write: (line: ExportLine) => void) {
    this.#write = write;
  }

  flush(): void {
    if (this.#assignment !== undefined) this.#write(this.#assignment);
    this.#assignment = undefined;
  }

  saveSession(
    { clientId, expiryInterval, endedAt, user }: Parameters<
      RowSink["saveSession"]
    >[0],
  ): void {
    this.#write({
      type: "session",
      client: clientId,
      expiryInterval: expiryInterval === Infinity ? null : expiryInterval,
      endedAt,
      user,
    });
  }

  saveSubscription(
    ...[client, subscription]: Parameters<RowSink["saveSubscription"]>
  ): void {
    this.#write({ type: "subscription", client, ...subscription });
  }

  saveReceived(client: string, packetId: number): void {
    this.#write({ type: "received", client, packetId });
  }

  enqueue(...[owner, delivery]: Parameters<RowSink["enqueue"]>): void {
    const { number, qos, retain, identifiers } = delivery;
    const message = this.#message(delivery.message);
    this.#write({
      type: "delivery",
      owner,
      number,
      qos,
      retain,
      identifiers,
      message,
    });
  }

  assign(
    owner: string,
    number: number,
    client: string,
    packetId: number,
  ): void {
    this.#assignment = {
      type: "assignment",
      owner,
      number,
      client,
      packetId,
      released: false,
    };
  }

  release(): void {
    this.#assignment = { ...this.#assignment!, released: true };
  }

  retain(_topic: string, message: StoredBody | undefined): void {
    this.#write({ type: "retained", message: this.#decode(message!) });
  }

  saveWill(...[client, will]: Parameters<RowSink["saveWill"]>): void {
    const { delayInterval, expiryInterval, message, user } = will!;
    this.#write({
      type: "will",
      client,
      delayInterval,
      expiryInterval: expiryInterval < 0 ? null : expiryInterval,
      user,
      message: this.#decode(message),
    });
  }

  #message(body: StoredBody): MessageObject | number {
    if (!body.shared) return this.#decode(body);
    if (body.row <= this.#shared) return body.row;
    this.#shared = body.row;
    return { id: body.row, ...this.#decode(body) };
  }

  #decode({ bytes }: StoredBody): MessageObject {
    return exportMessage(this.#bodies.decode(bytes, 0, bytes.length));
  }
}

/** The clocks, without how long this machine had run: it may be another one that goes on from there. */
function portableClock(clock: KeptTime | undefined): KeptTime | undefined {
  return clock && { service: clock.service, wall: clock.wall };
}
