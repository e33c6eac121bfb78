import assert from "node:assert/strict";
import fc from "fast-check";
import { describeContents } from "../../tests/support/stores/describe_contents.ts";
import {
  Scribe,
  type Step,
  STEPS,
} from "../../tests/support/stores/store_writes.ts";
import {
  MemoryPlace,
  openStore,
  SqlitePlace,
  type StorePlace,
} from "../../tests/support/stores/stores.ts";
import { Contents } from "./contents.ts";
import type { BatchNumber } from "./store.ts";

const LONG = Deno.env.has("MAILBOXQTT_LONG");

function copy(contents: Contents): Contents {
  const copied = new Contents();
  contents.copyTo(copied);
  return copied;
}

/** Whatever is written, committed, ended well or badly: a Store then holds what it must. */
async function checkAnyWrites(
  makePlace: () => StorePlace | Promise<StorePlace>,
  numRuns: number,
): Promise<void> {
  const property = fc.asyncProperty(STEPS, async (steps) => {
    const place = await makePlace();
    let open = await openStore(place.make());
    try {
      const scribe = new Scribe();
      let kept = new Contents();
      let last: BatchNumber = 0;
      for (const step of [...steps, ["close", 0, 0, 0] as Step]) {
        const [kind] = step;
        if (kind === "commit") {
          await open.commit(last);
          kept = copy(scribe.written);
        } else if (kind === "close" || kind === "crash") {
          if (kind === "close") await open.store.close();
          else await place.crash(open.store);
          scribe.written = copy(kind === "close" ? scribe.written : kept);
          kept = copy(scribe.written);
          open = await openStore(place.make());
          last = 0;
          assert.deepEqual(
            describeContents(open.held),
            describeContents(kept),
          );
        } else last = scribe.write(step, open.store) || last;
        assert.deepEqual(open.failed, []);
      }
    } finally {
      await open.store.close();
      await place.remove();
    }
  });
  await fc.assert(property, { numRuns });
}

Deno.test("MemoryStore holds what was written, whatever it was and however it ended", async () => {
  await checkAnyWrites(() => new MemoryPlace(), LONG ? 5000 : 500);
});

Deno.test("SqliteStore holds what was written, whatever it was and however it ended", async () => {
  await checkAnyWrites(() => SqlitePlace.create(), LONG ? 1000 : 8);
});
