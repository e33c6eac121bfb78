import type { QoS } from "../../codec/packet.ts";
import { EncodingReader } from "./encoding.ts";
import {
  type Bodies,
  type JournalSink,
  MessageReference,
  Operation,
} from "./journal.ts";
import { NO_IDENTIFIERS, type StoredSubscription } from "../store.ts";

/** The QoS that `packTerms` and `packOptions` have put into a number. */
export function unpackQos(packed: number): QoS {
  return (packed & 3) as QoS;
}

/** The RETAIN flag that `packTerms` has put into a number. */
export function unpackRetain(terms: number): boolean {
  return (terms & 4) !== 0;
}

/** The subscription whose options `packOptions` has put into a number. */
export function unpackSubscription(
  filter: string,
  options: number,
  identifier: number,
): StoredSubscription {
  return {
    filter,
    qos: unpackQos(options),
    noLocal: (options & 4) !== 0,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: (options >> 4 & 3) as 0 | 1 | 2,
    identifier,
  };
}

/** Reads one journal, which may come in pieces that each end where an operation does. */
export class JournalReader<M> {
  readonly #bodies: Bodies<M>;
  readonly #names: string[] = [];
  readonly #messages: M[] = [];

  /** Reads messages in this form. */
  constructor(bodies: Bodies<M>) {
    this.#bodies = bodies;
  }

  /** Tells the operations in these bytes, which messages may keep: see {@linkcode Bodies.decode}. */
  read(bytes: Uint8Array, sink: JournalSink<M>): void {
    const from = new EncodingReader(bytes);
    while (from.at < from.end) this.#operation(from, sink);
  }

  #operation(from: EncodingReader, sink: JournalSink<M>): void {
    const operation = from.number();
    switch (operation) {
      case Operation.SaveSession:
        return this.#session(from, sink);
      case Operation.RemoveSession:
        return sink.removeSession(this.#name(from));
      case Operation.SaveSubscription:
        return sink.saveSubscription(
          this.#name(from),
          unpackSubscription(from.text(), from.number(), from.number()),
        );
      case Operation.RemoveSubscription:
        return sink.removeSubscription(this.#name(from), from.text());
      case Operation.Enqueue:
        return this.#enqueue(from, sink);
      case Operation.Assign:
        return sink.assign(
          this.#name(from),
          from.number(),
          this.#name(from),
          from.number(),
        );
      case Operation.Release:
        return sink.release(this.#name(from), from.number());
      case Operation.Dequeue:
        return sink.dequeue(this.#name(from), from.number());
      case Operation.Discard:
        return sink.discard(this.#name(from), from.number(), from.number());
      case Operation.SaveReceived:
        return sink.saveReceived(this.#name(from), from.number());
      case Operation.RemoveReceived:
        return sink.removeReceived(this.#name(from), from.number());
      case Operation.Retain:
        return sink.retain(from.text(), this.#message(from));
      case Operation.Unretain:
        return sink.retain(from.text(), undefined);
      case Operation.SaveWill:
        return sink.saveWill(this.#name(from), {
          delayInterval: from.number(),
          expiryInterval: from.number() - 1,
          message: this.#message(from),
          ...this.#user(from, from.number() === 1),
        });
      case Operation.RemoveWill:
        return sink.saveWill(this.#name(from), undefined);
      default:
        throw new Error(`Cannot read a journal: no operation ${operation}`);
    }
  }

  #session(from: EncodingReader, sink: JournalSink<M>): void {
    const clientId = this.#name(from);
    const flags = from.number();
    const expiryInterval = (flags & 1) !== 0 ? Infinity : from.number();
    const endedAt = (flags & 2) !== 0 ? from.float() : undefined;
    const user = this.#user(from, (flags & 4) !== 0);
    sink.saveSession({ clientId, expiryInterval, endedAt, ...user });
  }

  /** Whose something is, if it `belongs` to somebody. */
  #user(from: EncodingReader, belongs: boolean): { user?: string } {
    return belongs ? { user: from.text() } : {};
  }

  #enqueue(from: EncodingReader, sink: JournalSink<M>): void {
    const owner = this.#name(from);
    const number = from.number();
    const terms = from.number();
    const count = from.number();
    let identifiers = NO_IDENTIFIERS;
    if (count > 0) {
      identifiers = Array.from({ length: count }, () => from.number());
    }
    sink.enqueue(owner, {
      number,
      message: this.#message(from),
      qos: unpackQos(terms),
      retain: unpackRetain(terms),
      identifiers,
    });
  }

  #name(from: EncodingReader): string {
    const index = from.number();
    const known = this.#names[index];
    if (known !== undefined) return known;
    const name = from.text();
    this.#names.push(name);
    return name;
  }

  #message(from: EncodingReader): M {
    const reference = from.number();
    if (reference >= MessageReference.Earlier) {
      return this.#messages[reference - MessageReference.Earlier]!;
    }
    const length = from.number();
    from.at += length;
    const message = this.#bodies.decode(
      from.bytes,
      from.at - length,
      from.at,
    );
    if (reference === MessageReference.Kept) this.#messages.push(message);
    return message;
  }
}
