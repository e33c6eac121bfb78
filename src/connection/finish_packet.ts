import { breathe } from "../core/breathe.ts";
import type { FinishedPacket, UnfinishedPacket } from "../codec/packet.ts";
import { PacketError } from "../codec/packet_error.ts";

/** List items of a long packet that are decoded at a time: about a millisecond's work. */
const STEP_ITEMS = 4000;

/** Reads a long packet on, letting others work in between. */
export async function finish(
  packet: UnfinishedPacket,
): Promise<FinishedPacket | PacketError> {
  try {
    for (;;) {
      const finished = packet.step(STEP_ITEMS);
      if (finished !== undefined) return finished;
      await breathe();
    }
  } catch (error) {
    if (error instanceof PacketError) return error;
    throw error;
  }
}
