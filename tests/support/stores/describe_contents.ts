import type { Contents } from "../../../src/store/contents.ts";
import type { Message } from "../../../src/store/message.ts";

/** All that a Store holds, in a form that tells what differs. */
export function describeContents(contents: Contents): unknown {
  const byName = ([a]: readonly unknown[], [b]: readonly unknown[]) =>
    String(a) < String(b) ? -1 : 1;
  const assigned = [...contents.assigned].map(([client, deliveries]) => [
    client,
    [...deliveries].map(([packetId, { number, assignment }]) =>
      `${packetId}: ${number} ${assignment!.released}`
    ),
  ]);
  const owed = [...contents.deliveries].map(([owner, deliveries]) => [
    owner,
    [...deliveries.values()].toSorted((a, b) => a.number - b.number).map((
      delivery,
    ) => ({
      ...delivery,
      message: describeMessage(delivery.message),
    })),
  ]);
  const subscriptions = [...contents.subscriptions].map(([client, filters]) => [
    client,
    [...filters].toSorted(byName),
  ]);
  const received = [...contents.received].map(([client, ids]) => [
    client,
    [...ids].toSorted((a, b) => a - b),
  ]);
  const filled = (entries: unknown[][]) =>
    entries.filter(([, list]) => (list as unknown[]).length > 0)
      .toSorted(byName);
  return {
    sessions: [...contents.sessions].toSorted(byName),
    subscriptions: filled(subscriptions),
    received: filled(received),
    owed: filled(owed),
    assigned: filled(assigned),
    retained: [...contents.retained].map(([topic, message]) => [
      topic,
      describeMessage(message),
    ]).toSorted(byName),
    wills: [...contents.wills].map(([client, will]) => [
      client,
      { ...will, message: describeMessage(will.message) },
    ]).toSorted(byName),
  };
}

function describeMessage(message: Message): unknown {
  const { topic, payload, properties, qos, retain, expiresAt, publisher } =
    message;
  return {
    topic: topic.text,
    topicBytes: topic.bytes.toHex(),
    payload: payload.toHex(),
    properties: properties.toHex(),
    qos,
    retain,
    expiresAt,
    publisher,
  };
}
