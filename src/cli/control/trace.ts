// The commands that switch what the broker that runs traces.

import { TRACE_TIME } from "../../admin/control_commands.ts";
import { EXIT } from "../../core/errors.ts";
import { isValidTopicFilter } from "../../router/topics/filter.ts";
import { ask, ASK_FLAGS } from "./flags.ts";
import {
  badValue,
  type ParsedFlags,
  parseFlags,
} from "../../terminal/flags.ts";
import { print } from "../../terminal/output.ts";
import { parseQuantity } from "../../config/settings/quantity.ts";
import { SettingError } from "../../config/settings/setting.ts";
import { parseShare } from "../../config/settings/share.ts";
import { TRACE_ON_FLAGS } from "./trace_flags.ts";

/** The command `trace on`. */
export async function traceOn(args: readonly string[]): Promise<number> {
  const given = parseFlags(args, TRACE_ON_FLAGS);
  return await say(given, "trace-on", {
    clientId: given.values.get("client")?.[0],
    topic: topicOf(given),
    share: shareOf(given),
    milliseconds: timeOf(given),
  });
}

/** The command `trace off`. */
export async function traceOff(args: readonly string[]): Promise<number> {
  return await say(parseFlags(args, ASK_FLAGS), "trace-off");
}

/** The command `trace status`. */
export async function traceStatus(args: readonly string[]): Promise<number> {
  return await say(parseFlags(args, ASK_FLAGS), "trace-status");
}

async function say(
  given: ParsedFlags,
  command: string,
  request: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  print(`${await ask(given, command, request)}\n`);
  return EXIT.ok;
}

function topicOf({ values }: ParsedFlags): string | undefined {
  const topic = values.get("topic")?.[0];
  if (topic === undefined || isValidTopicFilter(topic)) return topic;
  throw badValue("topic", topic, "it is no topic filter");
}

function shareOf({ values }: ParsedFlags): number | undefined {
  const text = values.get("sample")?.[0];
  if (text === undefined) return undefined;
  try {
    return parseShare(text);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    const { guess, message } = error;
    throw badValue(
      "sample",
      text,
      guess === undefined ? message : `${message}; did you mean ${guess}?`,
    );
  }
}

function timeOf({ values }: ParsedFlags): number | undefined {
  const text = values.get("for")?.[0];
  if (text === undefined) return undefined;
  const time = parseQuantity(text, "milliseconds");
  const { least, most } = TRACE_TIME;
  if (time !== undefined && time >= least && time <= most) return time;
  throw badValue("for", text, "a time from 1s to 24h such as 10m is allowed");
}
