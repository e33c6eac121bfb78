import { portProtocol } from "../transport/protocols.ts";
import { SCOPED_LIMIT_INFO } from "../core/scoped_limits.ts";
import { formatAddress } from "../transport/listener_settings.ts";
import { type DraftSection, type ImportDraft, keyText } from "./draft.ts";
import { ListenerError } from "../config/listeners/table.ts";
import { readListener } from "../config/listeners/url.ts";
import { beside, type Directive } from "./lines.ts";
import { closingReason } from "./closing.ts";
import type { MosquittoListener, MosquittoModel } from "./model.ts";
import { LISTENER_NOTES } from "./notes.ts";

/** Options that are looked at with the whole configuration. */
const ELSEWHERE = [
  "acl_file",
  "allow_anonymous",
  "max_topic_alias",
  "max_topic_alias_broker",
  "password_file",
];

/** Options of which a listener is not opened without what they say: it would be open to others than it was. */
const CLOSING: Readonly<Record<string, string>> = {
  psk_hint:
    "pre-shared keys are not spoken; client certificates are: mailboxqtt tls device NAME",
  tls_engine: "the key must be in a file",
  tls_keyform: "the key must be in a file",
};

/** A listener as it is here. */
export interface TranslatedListener {
  /** What it is in mosquitto. */
  readonly source: MosquittoListener;
  /** Its keys. */
  readonly keys: DraftSection;
}

/** Translates a listener, but for who may come in; `undefined` for one that is left out, which the table then says. */
export function translateListener(
  source: MosquittoListener,
  draft: ImportDraft,
  model: MosquittoModel,
): TranslatedListener | undefined {
  const reason = closingReason(source, model);
  if (reason !== undefined) {
    leaveOut(source, draft, reason);
    return undefined;
  }
  return new Translation(source, draft).translate();
}

/** Says that a listener is left out, in the table and in the configuration. */
export function leaveOut(
  { origin }: MosquittoListener,
  draft: ImportDraft,
  reason: string,
): void {
  const { name, value, file, line } = origin;
  draft.note(origin, "not supported", `left out: ${reason}`);
  draft.comments.push(
    `Left out: ${name} ${value} (${file}:${line}): ${reason}`,
  );
}

class Translation {
  readonly #source: MosquittoListener;
  readonly #draft: ImportDraft;
  readonly #keys: DraftSection = new Map();

  constructor(source: MosquittoListener, draft: ImportDraft) {
    this.#source = source;
    this.#draft = draft;
  }

  translate(): TranslatedListener | undefined {
    const closing = this.#closing();
    if (closing !== undefined) return this.#leaveOut(closing);
    const url = this.#url();
    this.#keys.set("url", url);
    const { rows } = this.#draft;
    const before = rows.length;
    for (const option of this.#source.options) this.#translateOption(option);
    const rowsOfOptions = rows.splice(before);
    const fault = this.#fault();
    if (fault !== undefined) return this.#leaveOut(fault);
    const { origin } = this.#source;
    const isNamed = ["listener", "port", "bind_address"].includes(origin.name);
    const text = isNamed
      ? keyText("url", url)
      : `${keyText("url", url)}, where mosquitto listens because of this line`;
    if (this.#isWeb && !this.#keys.has("origins")) {
      const pages =
        "where anybody may come in, name the sites whose pages may in origins";
      this.#draft.note(origin, "changed", `${text}: ${pages}`);
    } else this.#draft.note(origin, "taken over", text);
    rows.push(...rowsOfOptions);
    return { source: this.#source, keys: this.#keys };
  }

  #leaveOut(reason: string): undefined {
    leaveOut(this.#source, this.#draft, reason);
    return undefined;
  }

  #value(name: string): string | undefined {
    return this.#source.options.findLast((one) => one.name === name)?.value;
  }

  #isSet(name: string): boolean {
    return this.#value(name) === "true";
  }

  get #isTls(): boolean {
    return this.#value("certfile") !== undefined;
  }

  get #isWeb(): boolean {
    return this.#value("protocol") === "websockets";
  }

  /** Why a listener cannot be opened here, if it cannot. */
  #closing(): string | undefined {
    const { port } = this.#source;
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      return "its port is no number from 0 to 65535";
    }
    const protocol = this.#value("protocol") ?? "mqtt";
    if (protocol !== "mqtt" && protocol !== "websockets") {
      return `the protocol ${protocol} is not spoken`;
    }
    for (const [name, reason] of Object.entries(CLOSING)) {
      const value = this.#value(name);
      if (value !== undefined && value !== "pem") return `${name}: ${reason}`;
    }
    if (this.#isTls !== (this.#value("keyfile") !== undefined)) {
      return "certfile and keyfile are needed together";
    }
    if (!this.#isSet("require_certificate")) return undefined;
    if (!this.#isTls) return "require_certificate needs certfile and keyfile";
    return this.#value("cafile") === undefined
      ? "require_certificate needs the CA's certificate in a file: cafile"
      : undefined;
  }

  #url(): string {
    const { port, host } = this.#source;
    if (port === 0 && host !== undefined) {
      return formatAddress({ protocol: "unix", path: host });
    }
    const protocol = portProtocol({
      tls: this.#isTls,
      webSocket: this.#isWeb,
    });
    // Linux takes IPv4 connections there too.
    const all = this.#value("socket_domain") === "ipv4" ? "0.0.0.0" : "::";
    const address = { protocol, hostname: host ?? all, port };
    // mosquitto takes WebSocket at any path.
    return formatAddress(address);
  }

  /** What keeps the listener from being opened as it came out, if anything. */
  #fault(): string | undefined {
    const ours = ["allow_anonymous", "users", "identity", "max_connections"];
    const settings = [...this.#keys].filter(([name]) =>
      name !== "url" && !ours.includes(name)
    ) as [string, string | readonly string[]][];
    try {
      readListener(String(this.#keys.get("url")), new Map(settings));
      return undefined;
    } catch (error) {
      if (!(error instanceof ListenerError)) throw error;
      return error.message;
    }
  }

  #set(option: Directive, name: string, value: string | number | boolean) {
    this.#keys.set(name, value);
    this.#draft.note(option, "taken over", keyText(name, value));
  }

  #setFile(option: Directive, name: string): void {
    this.#set(option, name, beside(option.file, option.value));
  }

  #translateOption(option: Directive): void {
    const { name, value } = option;
    const note = LISTENER_NOTES.get(name);
    if (note !== undefined) {
      return this.#draft.note(option, note.verdict, note.text);
    }
    if (ELSEWHERE.includes(name)) return;
    const isAsked = this.#isSet("require_certificate");
    switch (name) {
      case "certfile":
        return this.#setFile(option, "certificate");
      case "keyfile":
        return this.#setFile(option, "key");
      case "cafile":
        return isAsked
          ? this.#setFile(option, "client_authority")
          : this.#unasked(option);
      case "crlfile":
        return isAsked
          ? this.#setFile(option, "revocation_list")
          : this.#unasked(option);
      case "require_certificate":
        return this.#requireCertificate(option);
      case "use_identity_as_username":
      case "use_subject_as_username":
        return this.#identify(option, isAsked);
      case "tls_version":
        return this.#version(option);
      case "listener_allow_anonymous":
        return this.#set(option, "allow_anonymous", value === "true");
      case "max_connections":
        return this.#connections(option);
      case "enable_proxy_protocol":
        this.#keys.set("proxies_from", ["127.0.0.1", "::1"]);
        return this.#draft.note(
          option,
          "put right",
          `${
            keyText("proxies_from", ["127.0.0.1", "::1"])
          }: name your proxies' addresses; nobody else may connect`,
        );
      case "websockets_origin":
        return this.#origin(option);
      default:
        // What makes the URL.
        this.#draft.note(
          option,
          "taken over",
          keyText("url", this.#keys.get("url")!),
        );
    }
  }

  #connections(option: Directive): void {
    const number = Number(option.value);
    const { minimum, maximum } = SCOPED_LIMIT_INFO.maximumConnections;
    if (number >= minimum && number <= maximum) {
      return this.#set(option, "max_connections", Math.floor(number));
    }
    const text = "limits.max_connections holds for all listeners together";
    this.#draft.note(option, "changed", text);
  }

  #unasked(option: Directive): void {
    const text = "no certificates are asked for without require_certificate";
    this.#draft.note(option, "not needed", text);
  }

  #requireCertificate(option: Directive): void {
    if (option.value !== "true") {
      return this.#draft.note(option, "taken over", "that is so by default");
    }
    const isNamed = this.#isSet("use_identity_as_username") ||
      this.#isSet("use_subject_as_username");
    this.#keys.set("client_certificates", "require");
    if (!isNamed) this.#keys.set("identity", "none");
    this.#draft.note(
      option,
      "taken over",
      isNamed
        ? keyText("client_certificates", "require")
        : 'client_certificates = "require", identity = "none"',
    );
  }

  #identify(option: Directive, isAsked: boolean): void {
    const { name, value } = option;
    if (value !== "true") {
      return this.#draft.note(option, "taken over", "that is so by default");
    }
    if (!isAsked) return this.#unasked(option);
    if (name === "use_identity_as_username") {
      return this.#set(option, "identity", "cn");
    }
    if (this.#isSet("use_identity_as_username")) {
      const text = "use_identity_as_username goes before it";
      return this.#draft.note(option, "not needed", text);
    }
    this.#keys.set("identity", "cn");
    this.#draft.note(
      option,
      "changed",
      `${
        keyText("identity", "cn")
      }: the user's name is the Common Name alone; change the names in the rules`,
    );
  }

  #version(option: Directive): void {
    const { value } = option;
    if (value === "tlsv1.3" || value === "tlsv1.2") {
      return this.#set(option, "minimum_version", value.slice(4));
    }
    this.#draft.note(option, "changed", "TLS 1.2 is the oldest that is spoken");
  }

  #origin(option: Directive): void {
    if (!this.#isWeb) {
      return this.#draft.note(
        option,
        "not needed",
        "it is for WebSocket alone",
      );
    }
    const origins = this.#keys.get("origins") ?? [];
    const all = [...origins as readonly string[], option.value];
    this.#keys.set("origins", all);
    this.#draft.note(option, "taken over", keyText("origins", all));
  }
}
