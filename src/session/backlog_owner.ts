import type { Limits } from "../core/limits.ts";
import type { Message } from "../store/message.ts";
import type { StoredDelivery } from "../store/store.ts";

/** Something that is owed. */
export interface Owed {
  /** What is owed. */
  readonly message: Message;
  /** Its number among what its owner is owed. */
  readonly number: number;
}

/** To whom the messages of a `Backlog` are owed. */
export interface BacklogOwner<T extends Owed> {
  /** Under which the Store knows it. */
  readonly key: string;
  /** How much may wait. */
  readonly limits: Pick<Limits, "queuedMessages" | "queuedBytes">;
  /** Whether it could send messages now, so that they are worth keeping in memory. */
  readonly online: boolean;
  /** Makes the record of a message that comes from the Store. */
  fromStore(stored: StoredDelivery): T;
  /** Called when messages have come from the Store. */
  pageCame(): void;
  /** Has the Store forget a message that is dropped. */
  forget(item: T): void;
}
