import { EXIT } from "../../core/errors.ts";
import type { MeterRecord, Written } from "../../store/meter.ts";
import {
  type OwnerSummary,
  type StoreSummary,
  summarize,
} from "../../store/backup/summary.ts";
import { columns, printable } from "../../terminal/columns.ts";
import { badValue, parseFlags } from "../../terminal/flags.ts";
import { formatBytes, formatTime } from "../../terminal/human.ts";
import { print } from "../../terminal/output.ts";
import { Progress } from "../../terminal/progress.ts";
import { INFO_FLAGS, storeFolder } from "./flags.ts";

/** The command `store info`. */
export async function storeInfo(args: readonly string[]): Promise<number> {
  const given = parseFlags(args, INFO_FLAGS);
  const folder = storeFolder(given);
  const text = given.values.get("top")?.[0] ?? "20";
  if (!/^\d{1,9}$/.test(text)) {
    throw badValue("top", text, "a whole number, 0 for none");
  }
  const progress = new Progress({ title: "Counting" });
  const summary = await summarize(
    folder,
    (done, all) => progress.step(done, all, "deliveries"),
  );
  progress.end();
  const top = Number(text);
  print(
    given.switches.has("json") ? asJson(summary, top) : asText(summary, top),
  );
  return EXIT.ok;
}

function asJson(summary: StoreSummary, top: number): string {
  const { owners, pid, lastEnd, lastWrite, ...rest } = summary;
  return JSON.stringify({
    ...rest,
    pid: pid ?? null,
    lastEnd: lastEnd ?? null,
    lastWrite: isoTime(lastWrite),
    owners: owners.slice(0, top).map(({ offlineSince, ...owner }) => ({
      ...owner,
      offlineSince: isoTime(offlineSince),
    })),
  }) + "\n";
}

function isoTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

function asText(summary: StoreSummary, top: number): string {
  const { folder, schema, counts, owners, meter } = summary;
  const { databaseBytes, unusedBytes, logBytes } = summary;
  const unused = unusedBytes > 0
    ? `, of which ${formatBytes(unusedBytes)} unused`
    : "";
  const facts: [string, string][] = [
    ["folder", folder],
    ["schema", String(schema)],
    ["broker", broker(summary)],
    ["database", `${formatBytes(databaseBytes)}${unused}`],
    ["write-ahead log", formatBytes(logBytes)],
    ["sessions", format(counts.sessions)],
    ["subscriptions", format(counts.subscriptions)],
    ["messages owed", format(counts.deliveries)],
    ["  sent, not acknowledged", format(counts.inflight)],
    ["  kept for several", format(counts.sharedMessages)],
    ["QoS 2 ids received", format(counts.received)],
    ["retained messages", format(counts.retained)],
    ["wills", format(counts.wills)],
    ["damaged, set aside", format(counts.damaged)],
    ...meterFacts(meter),
  ];
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}${value}\n`);
  return lines.join("") + backlogs(owners, top, summary.pid !== undefined);
}

function meterFacts(meter: MeterRecord | undefined): [string, string][] {
  if (meter === undefined) return [];
  const fact = (name: string, { bytes, fsyncs }: Written): [string, string] => [
    `written ${name}`,
    `${formatBytes(bytes)}, ${format(fsyncs)} fsyncs`,
  ];
  return [
    fact("this hour", meter.thisHour),
    fact("the hour before", meter.lastHour),
    fact("this day", meter.thisDay),
    fact("the day before", meter.lastDay),
    fact("in all", meter.total),
  ];
}

function broker({ pid, lastEnd, lastWrite }: StoreSummary): string {
  if (pid === 0) return "runs";
  if (pid !== undefined) return `runs, with process id ${pid}`;
  const when = lastWrite === undefined
    ? ""
    : `; something was written last at ${formatTime(lastWrite)}`;
  return lastEnd === "clean"
    ? `does not run; the last one was ended as it should be${when}`
    : `does not run; the last one was killed, or the power failed${when}`;
}

function backlogs(
  owners: readonly OwnerSummary[],
  top: number,
  runs: boolean,
): string {
  const shown = owners.slice(0, top);
  if (shown.length === 0) return "";
  const rows = [
    ["MESSAGES", "BYTES", "OFFLINE SINCE", "CLIENT"],
    ...shown.map(({ name, messages, bytes, offlineSince }) => [
      format(messages),
      formatBytes(bytes),
      offlineSince !== undefined
        ? formatTime(offlineSince)
        : name.startsWith("$share/")
        ? "shared group"
        : runs
        ? "online"
        : "was online",
      printable(name),
    ]),
  ];
  const title = shown.length < owners.length
    ? `The ${shown.length} largest backlogs of ${format(owners.length)}`
    : "Backlogs";
  return `\n${title}:\n${columns(rows, [0, 1])}`;
}

function format(count: number): string {
  return count.toLocaleString("en");
}
