/**
 * The program is killed at random moments and started again on the same folder, while clients publish, subscribe and
 * die. What it acknowledged must have survived. Read `model.ts` (what clients may assume), `cast.ts` (who plays),
 * `device.ts` (one client) and `stage.ts` (the program and its kills).
 *
 * Every run has a seed, which stands in its name: with MAILBOXQTT_SEED set to it all decisions are made again.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Program } from "../support/programs/program.ts";
import { LONG } from "../support/sizes.ts";
import { UnfaithfulProgram } from "../support/programs/unfaithful_program.ts";
import { Cast } from "./cast.ts";
import type { Model } from "./model.ts";
import { Random } from "./random.ts";
import { type Moment, Stage } from "./stage.ts";

/** Rounds of one run: each ends with a kill. */
const ROUNDS = LONG ? 20 : 6;
const RUNS = LONG ? 10 : 1;

/** Milliseconds that a run of the program may take where something is lost, and would be waited for in vain. */
const SHORT_PATIENCE = 5_000;

interface RunOptions {
  readonly seed: string;
  readonly rounds: number;
  readonly patience?: number;
  /** Starts another program in place of the one that is tested. */
  readonly start?: (folder: string) => Program;
  /** When to kill; left out, that is random too. */
  readonly moment?: Moment;
  /** What befalls the folder after each kill. */
  readonly afterKill?: (folder: string) => Promise<void>;
}

/** Plays so many rounds, lets all come to its end, and looks at it. */
async function play(options: RunOptions): Promise<Model> {
  const { seed, rounds, patience, start, afterKill } = options;
  const folder = await Deno.makeTempDir({ prefix: "mailboxqtt-crash-" });
  try {
    const stage = new Stage({ folder, patience, start });
    const cast = new Cast(stage);
    const random = new Random(seed);
    for (let n = 1; n <= rounds; n++) {
      const decisions = random.of(`round ${n}`);
      const moment = options.moment ?? anyMoment(decisions);
      await stage.run(() => cast.round(decisions), moment);
      await afterKill?.(folder);
      if (decisions.oneIn(4)) {
        await stage.interruptedStart(0.3 + 0.8 * decisions.next());
      }
    }
    await stage.run(() => cast.drain());
    await stage.run(() => cast.afterwards());
    stage.model.checkDeliveries();
    return stage.model;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Early moments more often than late ones: while all are coming back, most is under way. */
function anyMoment(random: Random): Moment {
  return random.oneIn(2)
    ? { milliseconds: random.below(301) }
    : { acknowledgements: Math.floor(2 ** (random.next() * 8)) };
}

function assertKept({ violations, figures }: Model): void {
  const some = violations.slice(0, 20).join("\n");
  assert.equal(violations.length, 0, `With ${figures}:\n${some}\n...`);
}

function assertLost({ violations }: Model): void {
  const lost = violations.filter((one) => / is lost$/.test(one));
  assert.ok(lost.length > 0, violations.join("\n"));
}

const given = Deno.env.get("MAILBOXQTT_SEED");
const seeds = given === undefined
  ? Array.from({ length: RUNS }, () => crypto.randomUUID().slice(0, 8))
  : [given];

for (const seed of seeds) {
  Deno.test(`crash: nothing acknowledged is lost in ${ROUNDS} kills (MAILBOXQTT_SEED=${seed})`, async () => {
    assertKept(await play({ seed, rounds: ROUNDS }));
  });
}

Deno.test("crash: what is lost is found missing, where the log of the database is taken away", async () => {
  let taken = 0;
  const model = await play({
    seed: seeds[0]!,
    rounds: 2,
    patience: SHORT_PATIENCE,
    moment: { acknowledgements: 250 },
    afterKill: async (folder) => {
      const log = `${folder}/mailboxqtt.db-wal`;
      const { size } = await Deno.stat(log);
      if (size > 0) taken++;
      await Deno.remove(log);
    },
  });
  assert.ok(taken > 0, "There was no log to take away");
  assertLost(model);
});

Deno.test("crash: what is lost is found missing, where the store acknowledges early", async () => {
  assertLost(
    await play({
      seed: seeds[0]!,
      rounds: 1,
      patience: SHORT_PATIENCE,
      moment: { acknowledgements: 250 },
      start: (folder) => new UnfaithfulProgram("lazy", folder),
    }),
  );
});
