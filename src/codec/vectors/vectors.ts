/**
 * The one table of packets: their bytes, and what these mean or why they are refused. It feeds the tests of
 * decoding, of encoding and of the server.
 */
import { packetName, PacketType, type ProtocolVersion } from "../packet.ts";
import { ReasonCode } from "../reason_code.ts";
import { type Occasion, type PacketVector, refused } from "./vector.ts";
import { CONNECT_VECTORS } from "./connect.ts";
import { OTHER_VECTORS } from "./other.ts";
import { PUBLISH_VECTORS } from "./publish.ts";

export type { PacketVector } from "./vector.ts";

/** A packet of each type that is good but for what is done to it: the lower half of its first byte, and its body. */
interface Sample {
  readonly type: number;
  readonly flags: number;
  readonly body: string;
  readonly body5: string;
  readonly senders: readonly Occasion[];
  readonly clauses: string;
}

function sample(
  type: number,
  flags: number,
  body: string,
  body5: string,
  senders: readonly Occasion[],
  clauses: string = "[MQTT-2.1.3-1, MQTT3-2.2.2-1, MQTT3-2.2.2-2]",
): Sample {
  return { type, flags, body, body5, senders, clauses };
}

const BOTH: readonly Occasion[] = ["client", "server"];

// deno-fmt-ignore
const SAMPLES: readonly Sample[] = [
  sample(PacketType.Connect, 0, "{'MQTT' 04 02 003c 'abc'}", "{'MQTT' 05 02 003c {} 'abc'}", ["first"]),
  sample(PacketType.Connack, 0, "{0000}", "{0000 {}}", ["server"]),
  sample(PacketType.Puback, 0, "{0001}", "{0001}", BOTH),
  sample(PacketType.Pubrec, 0, "{0001}", "{0001}", BOTH),
  sample(PacketType.Pubrel, 2, "{0001}", "{0001}", BOTH, "[MQTT-3.6.1-1, MQTT3-3.6.1-1]"),
  sample(PacketType.Pubcomp, 0, "{0001}", "{0001}", BOTH),
  sample(PacketType.Subscribe, 2, "{0001 'a' 00}", "{0001 {} 'a' 00}", ["client"], "[MQTT-3.8.1-1, MQTT3-3.8.1-1]"),
  sample(PacketType.Suback, 0, "{0001 00}", "{0001 {} 00}", ["server"]),
  sample(PacketType.Unsubscribe, 2, "{0001 'a'}", "{0001 {} 'a'}", ["client"], "[MQTT-3.10.1-1, MQTT3-3.10.1-1]"),
  sample(PacketType.Unsuback, 0, "{0001}", "{0001 {} 00}", ["server"]),
  sample(PacketType.Pingreq, 0, "{}", "{}", ["client"]),
  sample(PacketType.Pingresp, 0, "{}", "{}", ["server"]),
  sample(PacketType.Disconnect, 0, "{}", "{}", ["client"], "[MQTT-3.14.1-1, MQTT3-3.14.1-1]"),
];
const AUTH = sample(
  PacketType.Auth,
  0,
  "",
  "{18 {15 'a'}}",
  BOTH,
  "[MQTT-3.15.1-1]",
);

function bytesOf(
  { type, body, body5 }: Sample,
  flags: number,
  version: ProtocolVersion,
): string {
  const first = (type << 4 | flags).toString(16);
  return `${first} ${version === 5 ? body5 : body}`;
}

/** Every packet with every value of its four flags but the right one. */
function wrongFlags(version: ProtocolVersion): PacketVector[] {
  const samples = version === 5 ? [...SAMPLES, AUTH] : SAMPLES;
  return samples.flatMap((sample) =>
    sample.senders.flatMap((sender) =>
      Array.from({ length: 16 }, (_, flags) => flags)
        .filter((flags) => flags !== sample.flags)
        // MQTT 3.1 uses none of them but a QoS of 1.
        .filter((flags) =>
          version !== 3 || (sample.flags === 2 && (flags & 6) !== 2)
        )
        .flatMap((flags) =>
          refused(
            [version],
            sender,
            ReasonCode.MalformedPacket,
            `${packetName(sample.type)} with flags ${flags} ${sample.clauses}`,
            bytesOf(sample, flags, version),
          )
        )
    )
  );
}

/** What comes from the wrong side, too early or twice. */
function wrongMoment(version: ProtocolVersion): PacketVector[] {
  const samples = version === 5 ? [...SAMPLES, AUTH] : SAMPLES;
  return samples.flatMap((sample) => {
    const name = packetName(sample.type);
    const bytes = bytesOf(sample, sample.flags, version);
    const fromServer = sample.senders.includes("server");
    const fromClient = !fromServer || sample.senders.includes("client");
    const wrongSide = fromServer ? "client" : "server";
    return [
      fromClient && sample.type !== PacketType.Connect
        ? refused(
          [version],
          "first",
          ReasonCode.ProtocolError,
          `${name} before CONNECT [MQTT-3.1.0-1, MQTT3-3.1.0-1]`,
          bytes,
        )
        : [],
      sample.type === PacketType.Connect
        ? refused(
          [version],
          "client",
          ReasonCode.ProtocolError,
          `a second ${name} [MQTT-3.1.0-2, MQTT3-3.1.0-2]`,
          bytes,
        )
        : [],
      sample.senders.length === 1 &&
        !(version === 5 && sample.type === PacketType.Disconnect)
        ? refused(
          [version],
          wrongSide,
          ReasonCode.ProtocolError,
          `${name} from a ${wrongSide}`,
          bytes,
        )
        : [],
    ].flat();
  });
}

const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5];

const GENERATED: readonly PacketVector[] = VERSIONS.flatMap((version) => [
  ...wrongFlags(version),
  ...wrongMoment(version),
  ...BOTH.flatMap((sender) => [
    ...refused(
      [version],
      sender,
      ReasonCode.MalformedPacket,
      "type 0",
      "00 00",
    ),
    ...refused(
      [version],
      sender,
      ReasonCode.MalformedPacket,
      "a remaining length of five bytes",
      "30 ffffffffff",
    ),
  ]),
  ...refused(
    [version],
    "first",
    ReasonCode.MalformedPacket,
    "type 0 before CONNECT",
    "00 00",
  ),
]);

/** All packet vectors. */
export const VECTORS: readonly PacketVector[] = [
  ...CONNECT_VECTORS,
  ...PUBLISH_VECTORS,
  ...OTHER_VECTORS,
  ...GENERATED,
];
