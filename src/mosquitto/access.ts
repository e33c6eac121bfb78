import { type ImportDraft, keyText } from "./draft.ts";
import type { FileInspector } from "./files.ts";
import { beside, type Directive } from "./lines.ts";
import { leaveOut, type TranslatedListener } from "./listener.ts";
import type { MosquittoModel } from "./model.ts";

/** What is needed to say who may come in. */
export interface Access {
  /** What mosquitto's configuration says. */
  readonly model: MosquittoModel;
  /** The listeners that can be opened as far as their transport goes. */
  readonly listeners: readonly TranslatedListener[];
  /** What comes about. */
  readonly draft: ImportDraft;
  /** Looks at the files. */
  readonly inspector: FileInspector;
}

const OTHER_RULES =
  "one file of rules holds for all listeners: put what is in this one into the other, and then add the listener";

const NOBODY =
  "nobody could come in: add users = FILE, which mailboxqtt passwd makes, or allow_anonymous = true";

/**
 * Says who may come in, and what they may do: for all listeners, or for each. Gives the listeners that can be opened
 * with that.
 */
export async function translateAccess(
  access: Access,
): Promise<readonly TranslatedListener[]> {
  const { model, draft } = access;
  let kept = access.listeners;
  if (model.isPerListener) kept = await translateEach(access);
  else await translateAll(access);
  for (const listener of kept) {
    if (isClosed(listener, draft)) {
      draft.note(listener.source.origin, "put right", NOBODY);
    }
  }
  return kept;
}

/** Whether nobody can come in, which mosquitto takes and the broker does not. */
function isClosed({ keys }: TranslatedListener, { top }: ImportDraft): boolean {
  const isOpen = keys.get("allow_anonymous") ?? top.get("allow_anonymous");
  return isOpen !== true && !keys.has("users") && !top.has("users") &&
    keys.get("identity") !== "cn";
}

async function translateAll(
  { model, draft, inspector }: Access,
): Promise<void> {
  const { global, listeners } = model;
  const users = new Chosen(global, [
    "password_file",
    "plugin_opt_password_file",
  ]);
  const rules = new Chosen(global, ["acl_file", "plugin_opt_acl_file"]);
  const anonymous = new Chosen(global, ["allow_anonymous"]);
  for (const one of [...users.others, ...rules.others, ...anonymous.others]) {
    draft.note(one, "not needed", "a later line says it again");
  }
  if (anonymous.last !== undefined) {
    const isOpen = anonymous.last.value === "true";
    draft.top.set("allow_anonymous", isOpen);
    const text = keyText("allow_anonymous", isOpen);
    draft.note(anonymous.last, "taken over", text);
  } else if (listeners.length > 0) {
    // Without listeners nobody can come but from the same machine, and may, which is so here too.
    draft.top.set("allow_anonymous", false);
  }
  if (users.last !== undefined) {
    const file = setFile(draft, "users", users.last);
    await inspector.users(users.last, file);
  }
  if (rules.last !== undefined) {
    const file = setFile(draft, "rules", rules.last);
    await inspector.rules(rules.last, file);
  }
}

async function translateEach(
  { model, listeners, draft, inspector }: Access,
): Promise<readonly TranslatedListener[]> {
  draft.top.set("allow_anonymous", false);
  const plugged = new Chosen(model.global, [
    "plugin_opt_password_file",
    "plugin_opt_acl_file",
  ]);
  for (const one of plugged.all) {
    draft.note(
      one,
      "put right",
      "with per_listener_settings it is for one listener: name it there as users, or as rules for all",
    );
  }
  const kept = await translateRules({ listeners, draft, inspector });
  for (const { source, keys } of kept) {
    const users = new Chosen(source.options, ["password_file"]).last;
    const anonymous = new Chosen(source.options, ["allow_anonymous"]).last;
    if (anonymous !== undefined && !keys.has("allow_anonymous")) {
      const isOpen = anonymous.value === "true";
      keys.set("allow_anonymous", isOpen);
      const text = keyText("allow_anonymous", isOpen);
      draft.note(anonymous, "taken over", text);
    }
    if (users !== undefined) {
      const path = beside(users.file, users.value);
      keys.set("users", path);
      await inspector.users(users, keyText("users", path));
    }
  }
  return kept;
}

/**
 * The rules of the first listener that has some hold for all. Listeners that have others are left out: their users might
 * be allowed more by these.
 */
async function translateRules(
  { listeners, draft, inspector }: Omit<Access, "model">,
): Promise<readonly TranslatedListener[]> {
  const ofEach = listeners.map((listener) => ({
    listener,
    rules: new Chosen(listener.source.options, ["acl_file"]).last,
  }));
  const first = ofEach.find(({ rules }) => rules !== undefined)?.rules;
  if (first === undefined) return listeners;
  const text = setFile(draft, "rules", first);
  const isForAll = ofEach.every(({ rules }) => rules !== undefined);
  await inspector.rules(
    first,
    isForAll ? text : `${text}, for all listeners, also those without rules`,
  );
  const path = beside(first.file, first.value);
  return ofEach.flatMap(({ listener, rules }) => {
    if (rules === undefined || rules === first) return [listener];
    if (beside(rules.file, rules.value) === path) {
      draft.note(rules, "taken over", text);
      return [listener];
    }
    const { rows } = draft;
    const { origin, options } = listener.source;
    // What was said of the listener does not hold any more.
    const places = [origin, ...options].map(({ file, line }) =>
      `${file}:${line}`
    );
    rows.splice(
      0,
      rows.length,
      ...rows.filter(({ place }) => !places.includes(place)),
    );
    leaveOut(listener.source, draft, OTHER_RULES);
    return [];
  });
}

/** Names a file for all listeners, and gives the key as it stands in the configuration. */
function setFile(draft: ImportDraft, name: string, option: Directive): string {
  const path = beside(option.file, option.value);
  draft.top.set(name, path);
  return keyText(name, path);
}

/** Lines of which the last one counts. */
class Chosen {
  readonly all: readonly Directive[];

  constructor(options: readonly Directive[], names: readonly string[]) {
    this.all = options.filter(({ name, fault }) =>
      names.includes(name) && fault === undefined
    );
  }

  get last(): Directive | undefined {
    return this.all.at(-1);
  }

  get others(): readonly Directive[] {
    return this.all.slice(0, -1);
  }
}
