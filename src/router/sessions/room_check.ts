// Decides whether a client may come in for which something would have to be kept, while there is no room for it.

import type { Connect } from "../../codec/packet.ts";
import { PacketError } from "../../codec/packet_error.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import type { Unopened } from "../../store/disk_room.ts";

/** A client that would come in. */
export interface RoomRequest {
  /** What it sent. */
  readonly connect: Connect;
  /** Whether its session would outlive its connection. */
  readonly lasts: boolean;
  /** Whether the Store has its session already. */
  readonly isStored: boolean;
  /** What is known of a store that could not be opened; `undefined` while it is open. */
  readonly unopened: Unopened | undefined;
}

/**
 * Refuses a client for which something new would have to be kept. A session that is kept can always come back, unless
 * it could not be read yet.
 *
 * @throws {PacketError} If the client cannot come in.
 */
export function requireRoom(request: RoomRequest): void {
  const { connect, lasts, isStored, unopened } = request;
  const refused = [
    ...(lasts ? ["the session"] : []),
    ...(connect.will !== undefined ? ["the will"] : []),
  ].join(" and ");
  if (unopened !== undefined) {
    // There may be a session that it asks to go on with.
    if (refused === "" && (unopened === "empty" || connect.cleanStart)) return;
    throw new PacketError(
      ReasonCode.ServerUnavailable,
      `Cannot keep ${refused || "the session"}: the store is not open yet`,
    );
  }
  if (isStored || refused === "") return;
  throw new PacketError(
    connect.protocolVersion === 5
      ? ReasonCode.QuotaExceeded
      : ReasonCode.ServerUnavailable,
    `Cannot keep ${refused}: there is no room on the disk`,
  );
}
