import type { Message } from "../../../src/store/message.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";

/** A store that answers what is asked of it when the test lets it. */
export class HesitantStore extends MemoryStore {
  /** The topics that were asked for and not answered yet. */
  asked: string[][] = [];
  #answers: (() => void)[] = [];

  override readRetained(
    topics: readonly string[],
    take: (messages: readonly (Message | undefined)[]) => void,
  ): void {
    this.asked.push([...topics]);
    this.#answers.push(() => super.readRetained(topics, take));
  }

  /** Answers everything that was asked until now. */
  answer(): void {
    this.asked = [];
    for (const answer of this.#answers.splice(0)) answer();
  }
}
