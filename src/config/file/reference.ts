import type { Protocol } from "../../transport/protocols.ts";
import { URL_FIELD } from "./schema.ts";
import { USER_LIMITS } from "../settings/limits.ts";
import { LISTENER_FIELDS } from "../listeners/fields.ts";
import { type Field, FORMS, type Setting } from "../settings/setting.ts";
import { ALL_SETTINGS, variableOf } from "../settings/table.ts";

/** Columns that a comment fills at most. */
const WIDTH = 100;

/** Listeners to show: between them they have all settings. */
const LISTENERS: readonly { protocol: Protocol; url: string }[] = [
  { protocol: "wss", url: "wss://127.0.0.1:8084/mqtt" },
  { protocol: "unix", url: "unix:///run/mailboxqtt.sock" },
];

/** A configuration file with every key. Sentences begin with `# `, and what can be taken over with `#`. */
export function configReference(): string {
  const sections = Map.groupBy(ALL_SETTINGS, ({ name }) => sectionOf(name));
  let text = comment(
    "The configuration of mailboxqtt. Every key is here, as a comment: take away the # before those that are to " +
      "hold. A flag beats a variable, and a variable what stands here. mailboxqtt check says whether all is well. " +
      "Names of files are sought from the folder of this file on.",
  );
  for (const setting of sections.get("") ?? []) text += settingText(setting);
  text += listenersText();
  text += usersText();
  for (const [section, settings] of sections) {
    if (section === "") continue;
    text += `\n#[${section}]\n`;
    for (const setting of settings) text += settingText(setting);
  }
  return text;
}

function listenersText(): string {
  const shown = new Set<string>();
  let text = "\n" + comment(
    "Where to listen: as many tables as there are listeners. Without any the broker listens on " +
      `${URL_FIELD.example}. The flag --listen and the variable ${
        variableOf("listen")
      } (several with blanks between) take ` +
      "the place of all of them, with the same settings in the URL's query: " +
      "mqtts://0.0.0.0:8883?certificate=a.pem&key=b.pem",
  );
  for (const { protocol, url } of LISTENERS) {
    text += `\n#[[listener]]\n${comment(`${URL_FIELD.help}.`)}#url = ${
      URL_FIELD.form.literal(url)
    }\n`;
    for (const field of LISTENER_FIELDS) {
      const { name, protocols } = field;
      if (shown.has(name) || protocols?.includes(protocol) === false) continue;
      shown.add(name);
      const only = protocols === undefined
        ? []
        : [`For ${protocols.map((one) => `${one}://`).join(", ")}.`];
      text += fieldText(field, name, only);
    }
  }
  return text;
}

function usersText(): string {
  let text = "\n" + comment(
    "Limits of one user, in a table with the user's name. " +
      `The flag --user and the variable ${variableOf("user")} say the same: ` +
      "pump?max_connections=1",
  ) + "\n#[user.pump]\n";
  for (const field of USER_LIMITS) text += fieldText(field, field.name, []);
  return text;
}

function settingText(setting: Setting): string {
  const { name, flag, placeholder } = setting;
  const given = placeholder === undefined
    ? `--${flag}`
    : `--${flag} ${placeholder}`;
  const effect = setting.takesEffect === "now"
    ? "A reload changes it."
    : "It takes effect when the broker starts.";
  return fieldText(setting, name.split(".").at(-1)!, [
    `Flag ${given}, variable ${variableOf(name)}.`,
    effect,
  ]);
}

function fieldText(
  { help, defaultText, range, form, example }: Field,
  key: string,
  more: readonly string[],
): string {
  const sentences = [
    `${help}.`,
    ...(range === undefined ? [] : [`Allowed: ${range}.`]),
    ...(defaultText === undefined ? [] : [`Default: ${defaultText}.`]),
    ...more,
  ];
  const value = form === FORMS.texts
    ? `[${example.split(",").map((one) => JSON.stringify(one)).join(", ")}]`
    : form.literal(example);
  return `\n${sentences.map(comment).join("")}#${key} = ${value}\n`;
}

/** A sentence, on as many lines as it takes. */
function comment(sentence: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of sentence.split(" ")) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  const text = [...lines, line].join("\n");
  return `${text.replace(/^# [a-z]/, (start) => start.toUpperCase())}\n`;
}

function sectionOf(name: string): string {
  return name.includes(".") ? name.split(".")[0]! : "";
}
