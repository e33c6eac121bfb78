// Translates a mosquitto.conf. Read lines.ts (how it is read), model.ts (which lines belong together), this file, and then
// listener.ts, access.ts and limits.ts.

import { ImportDraft, keyText } from "./draft.ts";
import { translateAccess } from "./access.ts";
import { FileInspector } from "./files.ts";
import { isLimit, translateLimit } from "./limits.ts";
import { type Directive, type ImportFiles, readDirectives } from "./lines.ts";
import { translateListener } from "./listener.ts";
import { buildModel, isPluginOption } from "./model.ts";
import { closingReason, isOwnPlugin } from "./closing.ts";
import { GLOBAL_NOTES, SECURITY_OPTIONS } from "./notes.ts";
import { SERVICE_DATA } from "../config/settings/service_paths.ts";

/** What each `log_type` is here, from the one that says most. */
const LOG_LEVEL_OF: Readonly<Record<string, string>> = {
  all: "debug",
  debug: "debug",
  information: "info",
  notice: "info",
  subscribe: "info",
  unsubscribe: "info",
  warning: "warn",
  error: "error",
  none: "error",
};

/** The longest time between `$SYS` messages, in seconds: a day. */
const MAX_SYS_INTERVAL = 86_400;

/** Reads a mosquitto.conf with all that it names, and says what becomes of it. Throws a `StartError` if it cannot. */
export async function importMosquitto(
  path: string,
  files: ImportFiles,
): Promise<ImportDraft> {
  const draft = new ImportDraft();
  draft.comments.push(`Made by mailboxqtt import from ${path}`);
  const model = buildModel(await readDirectives(path, files), draft);
  const inspector = new FileInspector(files, draft);
  const listeners = model.listeners.flatMap((source) =>
    translateListener(source, draft, model) ?? []
  );
  for (const option of model.global) {
    if (option.fault === undefined) translateGlobal(option, draft);
  }
  for (const { source } of listeners) {
    for (const option of source.options) {
      if (isLimit(option.name) && option.fault === undefined) {
        translateLimit(option, draft);
      }
    }
  }
  setLogLevel(model.global, draft);
  const kept = await translateAccess({ model, listeners, draft, inspector });
  draft.listeners.push(...kept.map(({ keys }) => keys));
  const unnamed = model.listeners.length === 0
    ? closingReason({ host: "127.0.0.1", options: [] }, model)
    : undefined;
  if (unnamed !== undefined) {
    const which = "the listener for this machine";
    draft.note(
      model.global[0]!,
      "not supported",
      `${which} is left out: ${unnamed}`,
    );
    draft.comments.push(`Left out: ${which}: ${unnamed}`);
  }
  if (kept.length < 1 && (model.listeners.length > 0 || unnamed)) {
    closeAll(draft);
  }
  sortRows(draft);
  return draft;
}

/**
 * Lets nobody in where each listener is left out: without a listener the broker listens for this machine, which may be
 * more than those were open for. It does not start like that, and says what to add.
 */
function closeAll(draft: ImportDraft): void {
  if (draft.top.delete("users")) {
    for (const [at, row] of draft.rows.entries()) {
      if (row.verdict === "taken over" && row.text.startsWith("users = ")) {
        const text = `${row.text}; add it together with a listener`;
        draft.rows[at] = { ...row, verdict: "put right", text };
      }
    }
  }
  draft.top.set("allow_anonymous", false);
  draft.comments.push(
    "No listener is left, and nobody is let in: add [[listener]] and users, as the table says",
  );
}

/** The table in the order of the lines, which mosquitto reads file by file. */
function sortRows({ rows }: ImportDraft): void {
  const files = [...new Set(rows.map(({ place }) => fileOf(place)))];
  rows.sort((one, other) =>
    files.indexOf(fileOf(one.place)) - files.indexOf(fileOf(other.place)) ||
    lineOf(one.place) - lineOf(other.place)
  );
}

function fileOf(place: string): string {
  return place.slice(0, place.lastIndexOf(":"));
}

function lineOf(place: string): number {
  return Number(place.slice(place.lastIndexOf(":") + 1));
}

function translateGlobal(option: Directive, draft: ImportDraft): void {
  const { name, value } = option;
  if (
    /^plugin(?:_load|_use)?$|^global_plugin$/.test(name) && isOwnPlugin(option)
  ) {
    return draft.note(
      option,
      "taken over",
      "users and rules do what this plugin of mosquitto's own does",
    );
  }
  const note = GLOBAL_NOTES.get(name);
  if (note !== undefined) return draft.note(option, note.verdict, note.text);
  if (isPluginOption(name)) return notePluginOption(option, draft);
  if (isLimit(name)) return translateLimit(option, draft);
  if (SECURITY_OPTIONS.includes(name)) return;
  switch (name) {
    case "persistence":
    case "retained_persistence":
      return translatePersistence(option, draft);
    case "persistence_location":
      return draft.note(
        option,
        "changed",
        `${
          keyText("data", SERVICE_DATA)
        } by default, in a format of its own: mosquitto.db is not read`,
      );
    case "queue_qos0_messages":
      return value === "true"
        ? draft.note(
          option,
          "not supported",
          "messages of QoS 0 are not kept for who is offline; let them be published with QoS 1",
        )
        : draft.note(option, "taken over", "that is so by default");
    case "sys_interval": {
      const seconds = Number(value);
      if (seconds < 0 || seconds > MAX_SYS_INTERVAL) {
        return draft.note(
          option,
          "put right",
          `sys_interval is 0 to ${MAX_SYS_INTERVAL} seconds`,
        );
      }
      const interval = seconds === 0 ? "never" : `${value}s`;
      draft.top.set("sys_interval", interval);
      return draft.note(
        option,
        "taken over",
        keyText("sys_interval", interval),
      );
    }
    case "log_dest":
      if (value.startsWith("file ")) {
        const file = value.slice("file ".length).trim();
        draft.log.set("file", file);
        return draft.note(option, "taken over", keyText("log.file", file));
      }
      return value === "stderr"
        ? draft.note(option, "taken over", "that is so by default")
        : draft.note(
          option,
          "changed",
          "the log goes to standard error, where the service manager takes it",
        );
    case "log_type":
      return draft.note(
        option,
        LOG_LEVEL_OF[value] === undefined || value === "none"
          ? "changed"
          : "taken over",
        `it is logged from ${LOG_LEVEL_OF[value] ?? "info"} on`,
      );
  }
}

/** The files that mosquitto 2.1's own plugins read are looked at with the others. */
function notePluginOption(option: Directive, draft: ImportDraft): void {
  const isFile = /^plugin_opt_(?:acl|password)_file$/.test(option.name);
  if (isFile) return;
  draft.note(
    option,
    "not supported",
    "it is for a plugin, and there are none",
  );
}

function translatePersistence(option: Directive, draft: ImportDraft): void {
  if (option.value === "true") {
    return draft.note(
      option,
      "taken over",
      "that is so by default; mosquitto.db is not read: sessions and retained messages begin anew",
    );
  }
  draft.top.set("data", "none");
  draft.note(option, "taken over", keyText("data", "none"));
}

function setLogLevel(
  global: readonly Directive[],
  draft: ImportDraft,
): void {
  const types = global.filter(({ name }) => name === "log_type");
  if (types.length === 0) return;
  const levels = types.map(({ value }) => LOG_LEVEL_OF[value] ?? "info");
  const level = ["debug", "info", "warn", "error"].find((one) =>
    levels.includes(one)
  )!;
  draft.log.set("level", level);
}
