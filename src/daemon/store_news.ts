import type { Log } from "../core/log.ts";
import type { DatabaseChoice } from "../store/database/choice.ts";
import type { CarriedOver } from "../store/repair/carry_over.ts";
import type { Mending } from "../store/repair/mending.ts";
import type { LogFinding } from "../store/repair/verified_database.ts";
import type { StoreOpening } from "../store/sqlite/worker_messages.ts";

/** Raises an alarm: what it is about, and a sentence. */
export type Raise = (matter: string, sentence: string) => void;

/** Tells what the store held, and what is not as it was left: nothing is missing in silence. */
export function tellOpening(
  opening: StoreOpening,
  log: Log,
  raise: Raise,
): void {
  const { rows, damagedRows, fresh, unclean, findings } = opening;
  const alarm = (matter: string, sentence: string) => {
    log.error(sentence);
    raise(matter, sentence);
  };
  if (fresh) return;
  const { mending } = findings;
  log.info("Going on with what the store held", { ...rows });
  if (mending !== undefined) alarm("database", mendingSentence(mending));
  if (findings.log?.type === "torn") {
    log.warn(
      "The write-ahead log ends within a commit: after a power cut that is one which was not acknowledged",
    );
  } else if (findings.log !== undefined) {
    alarm("log", logSentence(findings.log));
  } else if (unclean && mending === undefined) {
    log.warn(
      "The broker before was not ended: all that it acknowledged is here",
    );
  }
  if (findings.removedCopies.length > 0) {
    log.warn(
      "Old copies of damaged files of the store were removed, since there are enough newer ones",
      { files: findings.removedCopies.join(", ") },
    );
  }
  if (findings.unchecked) {
    log.warn(
      "The store is too large to be checked before it is used: it is checked table by table while it is in use",
    );
  }
  if (opening.doubtedTime > 0) {
    log.warn(
      "The machine's clock has gone further than the machine can have run: what has passed by it is not counted before " +
        "a time server has set the clock, or it has run on for 15 minutes",
      { seconds: Math.round(opening.doubtedTime / 1000) },
    );
  }
  if (damagedRows > 0) {
    alarm(
      "damaged rows",
      `Rows of the store are damaged, and were set aside: ${damagedRows}`,
    );
  }
  const missing = missingRows(opening);
  if (missing !== "") {
    alarm(
      "missing rows",
      `Rows are missing that were there at the last end: ${missing}`,
    );
  }
}

/** Tells of the databases of other versions that are in the folder, and how to get back to them. */
export function tellVersions(
  choice: DatabaseChoice,
  log: Log,
  raise: Raise,
): void {
  const { newer, others, path } = choice;
  if (newer !== undefined) {
    const sentence =
      `The store in ${choice.main} is a newer version's (schema ${newer}), so this one goes on with ${path}: ` +
      "start the newer version again to go back to it";
    log.error(sentence);
    raise("version", sentence);
  }
  if (others.length > 0) {
    log.warn(
      "There are stores of other versions in the folder, which are not used: start the version in a file's name to go " +
        "back to it",
      { files: others.join(", ") },
    );
  }
}

/** That a damaged database was replaced, and what became of its rows. */
export function mendingSentence({ reason, kept, carried }: Mending): string {
  const sentence = `The store was damaged (${reason}) and is kept as ${kept}`;
  if (carried === undefined) return `${sentence}: a fresh one goes on`;
  const { rows, setAside, gaps } = carried;
  return `${sentence}: ${count(rows, "row")} could be read and ${
    rows === 1 ? "is" : "are"
  } in a fresh one, ${setAside} set aside, and at ${
    count(gaps, "place")
  } nothing could be read`;
}

/** That the store's files were made anew, and what they hold. */
export function remadeSentence(
  { rows, setAside, gaps }: Readonly<CarriedOver>,
): string {
  const whole = gaps === 0 && setAside === 0
    ? "nothing is missing"
    : `${setAside} set aside, and at ${
      count(gaps, "place")
    } nothing could be read`;
  return `The store's files were removed or replaced while they were in use. They were made anew with ${
    count(rows, "row")
  }: ${whole}`;
}

function logSentence(finding: Exclude<LogFinding, { type: "torn" }>): string {
  if (finding.type === "missing") {
    return "The write-ahead log of the store is gone: what was acknowledged last is missing";
  }
  const { commits, kept } = finding;
  const what = commits === 0
    ? "all that is in it"
    : `at least ${count(commits, "commit")} behind the damage`;
  return `The write-ahead log of the store was damaged and is kept as ${kept}: ${what} could not be read`;
}

function missingRows({ rows, expected }: StoreOpening): string {
  const texts: string[] = [];
  for (const table of Object.keys(rows) as (keyof typeof rows)[]) {
    const missing = (expected?.[table] ?? 0) - rows[table];
    if (missing > 0) texts.push(`${missing} of ${table}`);
  }
  return texts.join(", ");
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
