import type { DatabaseSync } from "node:sqlite";

/** Deliveries that are removed within the transaction that removes their owner. */
const AT_ONCE = 1000;

/** Removes the deliveries of owners that are gone: the first at once, the others little by little. */
export class Purge {
  readonly #slice;
  readonly #note;
  readonly #done;
  readonly #owners: number[];

  /** Goes on with what the database notes as gone. */
  constructor(database: DatabaseSync) {
    const first = `(SELECT id FROM delivery WHERE owner = ? LIMIT ${AT_ONCE})`;
    this.#slice = [
      `DELETE FROM inflight WHERE delivery IN ${first}`,
      `DELETE FROM delivery WHERE id IN ${first}`,
    ].map((statement) => database.prepare(statement));
    this.#note = database.prepare("INSERT INTO purge VALUES (?)");
    this.#done = database.prepare("DELETE FROM purge WHERE owner = ?");
    this.#owners = database.prepare("SELECT owner FROM purge").all()
      .map(({ owner }) => Number(owner));
  }

  /** Whether nothing is left to remove. */
  get empty(): boolean {
    return this.#owners.length === 0;
  }

  /** Whether an owner is gone, so that nothing of it counts any more. */
  has(owner: number): boolean {
    return this.#owners.includes(owner);
  }

  /** Removes what is owed to somebody who is gone; to be called in a transaction. */
  begin(owner: number): void {
    if (this.#remove(owner)) return;
    this.#note.run(owner);
    this.#owners.push(owner);
  }

  /** Removes some more of what is left; to be called in a transaction of its own. */
  goOn(): void {
    const [owner] = this.#owners;
    if (owner === undefined || !this.#remove(owner)) return;
    this.#done.run(owner);
    this.#owners.shift();
  }

  /** Removes some deliveries; says whether these were the last ones. */
  #remove(owner: number): boolean {
    let removed = 0;
    for (const statement of this.#slice) {
      removed = Number(statement.run(owner).changes);
    }
    return removed < AT_ONCE;
  }
}
