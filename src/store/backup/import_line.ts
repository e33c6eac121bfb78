import {
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type ExportLine,
} from "./export_lines.ts";
import type { MessageObject } from "./export_message.ts";
import {
  Fields,
  MOST_IDENTIFIER,
  MOST_SECONDS,
  type NameRules,
} from "./import_fields.ts";

/** Reads a line of an export. Throws an error that says what is wrong with it: lower case, no full stop. */
export function parseLine(text: string, rules: NameRules): ExportLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  const from = new Fields(value, rules);
  const line = readLine(from);
  from.end();
  return line;
}

function readLine(from: Fields): ExportLine {
  const type = from.text("type") as ExportLine["type"];
  switch (type) {
    case "header":
      return readHeader(from);
    case "session":
      return {
        type,
        client: from.clientId("client"),
        expiryInterval: from.seconds("expiryInterval"),
        endedAt: from.optional("endedAt", () => from.time("endedAt")),
        user: from.optional("user", () => from.text("user")),
      };
    case "subscription":
      return {
        type,
        client: from.clientId("client"),
        filter: from.filter("filter"),
        qos: from.integer("qos", 0, 2),
        noLocal: from.flag("noLocal"),
        retainAsPublished: from.flag("retainAsPublished"),
        retainHandling: from.integer("retainHandling", 0, 2),
        identifier: from.integer("identifier", 0, MOST_IDENTIFIER),
      };
    case "received":
      return {
        type,
        client: from.clientId("client"),
        packetId: from.packetId("packetId"),
      };
    case "delivery":
      return {
        type,
        owner: from.owner("owner"),
        number: from.integer("number", 0, Number.MAX_SAFE_INTEGER),
        qos: from.integer("qos", 0, 2),
        retain: from.flag("retain"),
        identifiers: from.identifiers("identifiers"),
        message: from.isNumber("message")
          ? from.integer("message", 1, Number.MAX_SAFE_INTEGER)
          : readMessage(from.object("message")),
      };
    case "assignment":
      return {
        type,
        owner: from.owner("owner"),
        number: from.integer("number", 0, Number.MAX_SAFE_INTEGER),
        client: from.clientId("client"),
        packetId: from.packetId("packetId"),
        released: from.flag("released"),
      };
    case "retained":
      return { type, message: readMessage(from.object("message")) };
    case "will":
      return {
        type,
        client: from.clientId("client"),
        delayInterval: from.integer("delayInterval", 0, MOST_SECONDS),
        expiryInterval: from.seconds("expiryInterval"),
        user: from.optional("user", () => from.text("user")),
        message: readMessage(from.object("message")),
      };
    case "end":
      return {
        type,
        lines: from.integer("lines", 0, Number.MAX_SAFE_INTEGER),
        damaged: from.integer("damaged", 0, Number.MAX_SAFE_INTEGER),
      };
    default:
      throw new Error(`there is no "type" ${JSON.stringify(type)}`);
  }
}

function readHeader(from: Fields): ExportLine {
  const format = from.text("format");
  if (format !== EXPORT_FORMAT) throw new Error("it is no export of a store");
  const version = from.integer("version", 1, Number.MAX_SAFE_INTEGER);
  if (version > EXPORT_VERSION) {
    throw new Error(
      `a newer version of mailboxqtt wrote it (format ${version}, while this one knows ${EXPORT_VERSION})`,
    );
  }
  const time = from.text("time");
  const counts = from.object("counts").all() as Extract<
    ExportLine,
    { type: "header" }
  >["counts"];
  const clock = from.optional("clock", () => {
    const clock = from.object("clock");
    const kept = { service: clock.time("service"), wall: clock.time("wall") };
    clock.end();
    return kept;
  });
  return { type: "header", format, version, time, clock, counts };
}

function readMessage(from: Fields): MessageObject {
  const id = from.optional(
    "id",
    () => from.integer("id", 1, Number.MAX_SAFE_INTEGER),
  );
  const expiresAt = from.optional("expiresAt", () => from.time("expiresAt"));
  const properties = from.optional(
    "properties",
    () => from.properties("properties"),
  );
  const message = {
    ...id === undefined ? {} : { id },
    topic: from.topic("topic"),
    qos: from.integer("qos", 0, 2),
    retain: from.flag("retain"),
    publisher: from.string("publisher"),
    ...expiresAt === undefined ? {} : { expiresAt },
    ...properties === undefined ? {} : { properties },
    ...from.payload(),
  };
  from.end();
  return message;
}
