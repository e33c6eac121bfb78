import { deadline } from "@std/async/deadline";
import type { DoorState } from "../connection/doors.ts";
import type { Room } from "../store/disk_room.ts";

/** Milliseconds in which the broker must answer. */
const ANSWER_TIME = 2_000;

/** What health is judged by. */
export interface HealthSource {
  /** Its listeners, each as it is now. */
  readonly doors: readonly DoorState[];
  /** Whether there is room on the disk. */
  readonly diskRoom: Room;
  /** Resolves once the Router has answered. */
  answer(): Promise<void>;
}

/** How the broker is. */
export interface Health {
  /** Whether it works at all: if not, it is to be started again. */
  readonly alive: boolean;
  /** Whether clients can come and everything is taken from them. */
  readonly ready: boolean;
  /** Why it is not, in a sentence for each thing. */
  readonly reasons: readonly string[];
}

/** Looks how the broker is. */
export async function healthOf(source: HealthSource): Promise<Health> {
  const reasons: string[] = [];
  let alive = true;
  try {
    await deadline(source.answer(), ANSWER_TIME);
  } catch {
    alive = false;
    reasons.push(`The router does not answer within ${ANSWER_TIME / 1000} s`);
  }
  for (const { name, address } of source.doors) {
    if (address === undefined) {
      reasons.push(`${name} waits for its address to be there`);
    }
  }
  if (source.diskRoom !== "ample") {
    reasons.push("There is no room on the disk, or it cannot be used");
  }
  return { alive, ready: reasons.length === 0, reasons };
}
