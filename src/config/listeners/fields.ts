/** All that can be said about one listener beside its URL: its transport, who may come in, and limits. */

import type { Protocol } from "../../transport/protocols.ts";
import { LISTENER_LIMITS } from "../settings/limits.ts";
import {
  LISTENER_SETTINGS,
  ListenerError,
  type ListenerSetting,
  TLS,
} from "./table.ts";
import {
  choice,
  type Field,
  type Form,
  FORMS,
  path,
  SettingError,
  SWITCH,
} from "../settings/setting.ts";
import {
  LISTENER_IDENTITIES,
  type ListenerIdentity,
} from "../settings/settings.ts";

/** A setting of a listener. */
export interface ListenerField extends Field {
  /** Which listeners it is for; all without it. */
  readonly protocols?: readonly Protocol[];
}

/** Settings that name files. */
const FILES = ["certificate", "key", "client_authority", "revocation_list"];

/** Values that people would rather write without quotes. */
const OTHER_FORMS: Readonly<Record<string, Form>> = {
  minimum_version: FORMS.quantity,
  mode: {
    ...FORMS.text,
    name: 'permissions such as "0660" or 0o660',
    texts: (value) =>
      typeof value === "number" && Number.isInteger(value)
        ? [value.toString(8).padStart(4, "0")]
        : FORMS.text.texts(value),
  },
};

/** The settings that say who may come in. */
export const ACCESS_FIELDS = {
  allowAnonymous: {
    name: "allow_anonymous",
    help: "let in here who does not show who it is",
    example: "true",
    defaultText: "as for all listeners",
    ...SWITCH,
  } as Field<boolean>,
  users: {
    name: "users",
    help: "the password file that holds here",
    example: "/etc/mailboxqtt/users",
    defaultText: "that of all listeners",
    isPath: true,
    ...path("file"),
  } as Field<string>,
  identity: {
    name: "identity",
    help:
      "which part of a client's certificate is the user's name: its Common Name, the only alternative name of a kind, or none",
    example: "san-dns",
    defaultText: "cn",
    protocols: TLS,
    ...choice(LISTENER_IDENTITIES),
  } as Field<ListenerIdentity>,
  withPassword: {
    name: "with_password",
    help: "ask for the user's password beside the certificate",
    example: "true",
    defaultText: "false",
    protocols: TLS,
    ...SWITCH,
  } as Field<boolean>,
};

/** All settings of a listener, in the order in which they are shown. */
export const LISTENER_FIELDS: readonly ListenerField[] = [
  ...LISTENER_SETTINGS.map(transportField),
  ...Object.values<Field>(ACCESS_FIELDS),
  ...LISTENER_LIMITS,
];

function transportField(setting: ListenerSetting): ListenerField {
  const { name, help, example, defaultText, protocols, isList } = setting;
  const form = OTHER_FORMS[name] ?? (isList ? FORMS.texts : FORMS.text);
  return {
    name,
    help,
    example,
    defaultText: defaultText ?? (FILES.includes(name) ? "none" : undefined),
    protocols,
    form,
    allowed: `${form.name} is allowed`,
    isPath: FILES.includes(name),
    parse: (texts) => {
      const values = texts.map((text) => {
        try {
          return setting.parse(text);
        } catch (error) {
          if (!(error instanceof ListenerError)) throw error;
          throw new SettingError(text, error.message);
        }
      });
      return isList ? values : values[0];
    },
  };
}
