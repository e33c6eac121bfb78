import { Deque } from "../../core/deque.ts";
import type { MeterRecord } from "../meter.ts";
import type { RoomReport } from "../disk_room.ts";
import type { CarriedOver } from "../repair/carry_over.ts";
import type { Mending } from "../repair/mending.ts";
import type { BacklogQuery, BatchNumber } from "../store.ts";
import type {
  RetainedReply,
  StoreReply,
  StoreRequest,
} from "./worker_messages.ts";

/** What a {@linkcode WorkerLink} tells by itself. */
export interface WorkerLinkEvents {
  /** A batch is committed; its memory comes back. */
  committed(batch: BatchNumber, journal: Uint8Array<ArrayBuffer>): void;
  /** So much was written until now. */
  metered(meter: MeterRecord): void;
  /** The disk has come to have more room, or less. */
  room(report: RoomReport): void;
  /** A damaged database was replaced while it was in use. */
  mended(mending: Mending): void;
  /** These milliseconds have passed besides while the broker was down. */
  timePassed(milliseconds: number): void;
  /** The database was made anew, since its files were removed while it was in use. */
  remade(carried: Readonly<CarriedOver>): void;
  /** Called once if the thread cannot go on, after it was open. */
  failed(error: Error): void;
}

/** Which database to open, and how. */
export type OpenRequest = Extract<StoreRequest, { type: "open" }>;

/** A part of a backlog. */
export type PageReply = Extract<StoreReply, { type: "page" }>;

/** What there is beside what was told in pieces. */
export type ReadyReply = Extract<StoreReply, { type: "ready" }>;

/** The broker's end of the Store's thread. */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #events: WorkerLinkEvents;
  #answer: PromiseWithResolvers<StoreReply> | undefined;
  #failed = false;
  /** Who waits for pages, in the order of the questions. */
  readonly #readers = new Deque<(page: PageReply) => void>();
  /** Who waits for retained messages, in the order of the questions. */
  readonly #retainedReaders = new Deque<(reply: RetainedReply) => void>();

  /** Starts the thread. */
  constructor(events: WorkerLinkEvents) {
    this.#events = events;
    const entry = new URL("./worker.ts", import.meta.url);
    this.#worker = new Worker(entry, { type: "module", name: "store" });
    this.#worker.onmessage = ({ data }: MessageEvent<StoreReply>) =>
      this.#take(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(new Error(event.message));
    };
  }

  /** Opens the database. Returns where the broker's clock goes on. */
  async open(where: Omit<OpenRequest, "type">): Promise<number> {
    const request = { type: "open", ...where } as const;
    const { now } = await this.#ask(request, "opened");
    return now;
  }

  /**
   * Has all that the database holds told, in pieces of a journal. The thread reads ahead by one. Calls `startOver`
   * where all that was told is void.
   */
  async held(
    take: (piece: Uint8Array<ArrayBuffer>) => void,
    startOver: () => void,
  ): Promise<ReadyReply> {
    const ask = () =>
      this.#ask({ type: "more" }, "held", "startedOver", "ready");
    let next = ask();
    for (;;) {
      const reply = await next;
      if (reply.type === "ready") return reply;
      next = ask();
      // Its error is for who awaits it, should `take` throw.
      next.catch(() => {});
      if (reply.type === "held") take(reply.piece);
      else startOver();
    }
  }

  /** Has a part of a backlog read. */
  read(query: BacklogQuery, take: (page: PageReply) => void): void {
    this.#readers.pushBack(take);
    this.#send({ type: "read", query });
  }

  /** Has the retained messages of these topics read. */
  readRetained(
    topics: readonly string[],
    take: (reply: RetainedReply) => void,
  ): void {
    this.#retainedReaders.pushBack(take);
    this.#send({ type: "readRetained", topics });
  }

  /** Has a batch committed. */
  commit(batch: BatchNumber, journal: Uint8Array<ArrayBuffer>, now: number) {
    this.#send({ type: "commit", batch, journal, now }, [journal.buffer]);
  }

  /** Ends the thread after what was sent before is committed. Resolves at once if it has failed. */
  async close(batch: BatchNumber, now: number): Promise<void> {
    if (this.#failed) return;
    try {
      await this.#ask({ type: "close", batch, now }, "closed");
    } catch (error) {
      this.#events.failed(error as Error);
    }
    this.terminate();
  }

  /** Ends the thread at once. */
  terminate(): void {
    this.#worker.terminate();
  }

  async #ask<T extends StoreReply["type"]>(
    request: StoreRequest,
    ..._answers: T[]
  ): Promise<Extract<StoreReply, { type: T }>> {
    this.#answer = Promise.withResolvers();
    this.#send(request);
    const reply = await this.#answer.promise;
    return reply as Extract<StoreReply, { type: T }>;
  }

  #send(request: StoreRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  #take(reply: StoreReply): void {
    if (reply.type === "committed") {
      this.#events.committed(reply.batch, reply.journal);
    } else if (reply.type === "page") {
      this.#readers.popFront()!(reply);
    } else if (reply.type === "retained") {
      this.#retainedReaders.popFront()!(reply);
    } else if (reply.type === "metered") {
      this.#events.metered(reply.meter);
    } else if (reply.type === "room") {
      this.#events.room(reply.report);
    } else if (reply.type === "mended") {
      this.#events.mended(reply.mending);
    } else if (reply.type === "timePassed") {
      this.#events.timePassed(reply.milliseconds);
    } else if (reply.type === "remade") {
      this.#events.remade(reply.carried);
    } else if (reply.type === "failed") {
      const { attempt, reason } = reply.error;
      this.#fail(new Error(`${attempt}: ${reason}`, { cause: reply.error }));
    } else {
      this.#answer?.resolve(reply);
      this.#answer = undefined;
    }
  }

  #fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#worker.terminate();
    if (this.#answer !== undefined) this.#answer.reject(error);
    else this.#events.failed(error);
  }
}
