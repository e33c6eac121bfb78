import assert from "node:assert/strict";
import { Contents } from "../../../src/store/contents.ts";
import type {
  BacklogQuery,
  StoredBacklog,
  StoreReader,
} from "../../../src/store/store.ts";

/** Bytes asked for at once: few messages. */
const PAGE = 500;

/** What a Store held when it was opened: what it told, and the backlogs once they are read. */
export class HeldContents extends Contents implements StoreReader {
  /** The backlogs that were told, by owner. */
  readonly backlogs: Map<string, StoredBacklog> = new Map();

  /** Takes how much there is. */
  backlog(owner: string, backlog: StoredBacklog): void {
    assert.ok(!this.backlogs.has(owner) && backlog.messages > 0);
    this.backlogs.set(owner, backlog);
  }

  /**
   * Reads all backlogs page by page: `read` puts a page in here with `enqueue`, and says how to go on. Returns how
   * many messages fewer there were than had been told.
   */
  async fill(
    read: (query: BacklogQuery) => Position | Promise<Position>,
  ): Promise<number> {
    let missing = 0;
    for (const [owner, { messages, last }] of this.backlogs) {
      const before = this.deliveries.get(owner)?.size ?? 0;
      let position = { last: 0, end: false };
      while (!position.end) {
        const after = position.last;
        position = await read({ owner, after, last, bytes: PAGE });
        assert.ok(position.end || position.last > after);
      }
      missing += messages + before - (this.deliveries.get(owner)?.size ?? 0);
    }
    return missing;
  }
}

/** How to go on after a page. */
interface Position {
  readonly last: number;
  readonly end: boolean;
}
