/** Answers that are remembered; of the last half of them all. */
const ANSWERS = 1000;
/** Characters of the questions that are remembered. */
const CHARACTERS = 64 * 1024;

/** Remembers the answers to questions asked last, within bounds. */
export class AnswerCache {
  // Made when they are needed: most clients ask for one kind of thing alone.
  #young: Map<string, boolean> | undefined;
  #old: ReadonlyMap<string, boolean> | undefined;
  #characters = 0;

  /** The answer, if it is remembered. */
  get(question: string): boolean | undefined {
    const answer = this.#young?.get(question);
    if (answer !== undefined) return answer;
    const old = this.#old?.get(question);
    if (old !== undefined) this.set(question, old);
    return old;
  }

  /** Remembers an answer. */
  set(question: string, answer: boolean): void {
    if (question.length > CHARACTERS / 2) return;
    const characters = this.#characters + question.length;
    this.#young ??= new Map();
    if (this.#young.size >= ANSWERS / 2 || characters > CHARACTERS / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    this.#characters += question.length;
    this.#young.set(question, answer);
  }
}
