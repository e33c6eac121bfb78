import { PacketError } from "../../codec/packet_error.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import { LimitedLog, type LimitedLogOptions } from "../../core/limited_log.ts";
import type { Session } from "../../session/session.ts";

/** Sees to it that a session serves the user alone whose it is. */
export class SessionUser {
  readonly #refused: LimitedLog;

  /** Tells there who was refused. */
  constructor(options: LimitedLogOptions) {
    this.#refused = new LimitedLog(
      "Client refused: its client identifier is that of another user's session",
      options,
    );
  }

  /**
   * Requires that a client of this user may use the session. One that is nobody's in particular may be used by
   * everybody.
   *
   * @throws {PacketError} If it belongs to somebody else.
   */
  require({ clientId, owner }: Session, user: string | undefined): void {
    if (owner === undefined || owner === user) return;
    const command = user === undefined
      ? `mailboxqtt session delete ${quoted(clientId)}`
      : `mailboxqtt session adopt ${quoted(clientId)} ${quoted(user)}`;
    this.#refused.note(clientId, 1, {
      owner,
      user: user ?? "(anonymous)",
      command,
    });
    throw new PacketError(
      ReasonCode.NotAuthorized,
      "Cannot use this client identifier: its session belongs to another user",
    );
  }
}

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w.@%+=:,/-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`;
}
