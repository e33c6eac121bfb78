import { Program } from "./program.ts";
import type { Fault } from "../stores/unfaithful_store.ts";

/** A broker whose Store breaks its word, in a process of its own. */
export class UnfaithfulProgram extends Program {
  protected static override readonly main =
    "tests/support/programs/unfaithful_broker.ts";

  /** Starts it on a folder. */
  constructor(fault: Fault, folder: string) {
    super(fault, folder);
  }
}
