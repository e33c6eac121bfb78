import {
  BrokerConnection,
  type ConnectionHost,
  type ConnectionOptions,
} from "../../client/broker_connection.ts";
import type { ClientError } from "../../client/client_error.ts";
import { timeOf } from "../../client/publish_template.ts";
import {
  type FinishedPacket,
  PacketType,
  type QoS,
  type Suback,
} from "../../codec/packet.ts";
import { ReasonCode } from "../../codec/reason_code.ts";

/** A client of the bench: it answers what the protocol wants answered, and counts. */
export class BenchPeer implements ConnectionHost {
  /** Messages that have come. */
  messages = 0;
  /** Messages that the broker has acknowledged to the end. */
  acknowledged = 0;
  /** Messages that it has refused. */
  refused = 0;
  /** Told of each message's time on the way, in milliseconds. */
  onMessage: (took: number) => void = () => {};
  /** Told once what came with one read is counted. */
  onRead: () => void = () => {};
  /** The connection. */
  readonly connection: BrokerConnection;
  /** Rejects if the connection is lost. */
  readonly ended: Promise<never>;
  readonly #end: (error: ClientError) => void;
  #suback: ((suback: Suback) => void) | undefined;

  /** Connects. */
  static async connect(options: ConnectionOptions): Promise<BenchPeer> {
    return new BenchPeer(await BrokerConnection.open(options));
  }

  private constructor(connection: BrokerConnection) {
    this.connection = connection;
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    this.ended.catch(() => {});
    this.#end = reject;
    connection.start(this);
  }

  /** Subscribes and returns what the broker says of it: the QoS that it grants, or a reason code. */
  async subscribe(filter: string, qos: QoS): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<Suback>();
    this.#suback = resolve;
    this.connection.sendPacket({
      type: PacketType.Subscribe,
      packetId: 65_535,
      filters: [{
        filter,
        qos,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 2,
      }],
      extraFilters: 0,
      subscriptionIdentifier: 0,
      properties: {},
    });
    const { reasonCodes } = await Promise.race([promise, this.ended]);
    return reasonCodes[0]!;
  }

  /** Says goodbye. */
  async disconnect(): Promise<void> {
    await this.connection.close({
      type: PacketType.Disconnect,
      reasonCode: ReasonCode.NormalDisconnection,
      properties: {},
    });
  }

  /** Takes what came with one read. */
  received(packets: readonly FinishedPacket[]): void {
    const { connection } = this;
    const now = performance.now();
    for (const packet of packets) {
      switch (packet.type) {
        case PacketType.Publish: {
          this.messages++;
          this.onMessage(now - timeOf(packet.bytes, packet.payloadStart));
          const { qos, packetId } = packet;
          if (qos === 1) connection.acknowledge(PacketType.Puback, packetId);
          if (qos === 2) connection.acknowledge(PacketType.Pubrec, packetId);
          break;
        }
        case PacketType.Pubrec:
          if (packet.reasonCode >= ReasonCode.UnspecifiedError) {
            this.#acknowledged(packet.reasonCode);
          } else connection.acknowledge(PacketType.Pubrel, packet.packetId);
          break;
        case PacketType.Pubrel:
          connection.acknowledge(PacketType.Pubcomp, packet.packetId);
          break;
        case PacketType.Puback:
        case PacketType.Pubcomp:
          this.#acknowledged(packet.reasonCode);
          break;
        case PacketType.Suback:
          this.#suback?.(packet);
      }
    }
    connection.flush();
    this.onRead();
  }

  /** The connection is over. */
  lost(error: ClientError): void {
    this.#end(error);
  }

  #acknowledged(reasonCode: ReasonCode): void {
    this.acknowledged++;
    if (reasonCode >= ReasonCode.UnspecifiedError) this.refused++;
  }
}
