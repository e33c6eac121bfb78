import { lowerLimits } from "../auth/lower_limits.ts";
import { TokenBucket } from "../auth/token_bucket.ts";
import type { Limits } from "../core/limits.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import type { Attendance } from "./attendance.ts";
import type { ConnectionContext } from "./context.ts";
import type { Refusal } from "./handshake.ts";
import { Pace } from "./pace.ts";

/** What one client may use, by its listener and its user. */
export interface Allowance {
  /** The limits that hold for it. */
  readonly limits: Limits;
  /** What it may send a second; `undefined` where that is not limited. */
  readonly pace: Pace | undefined;
  /** Says that its connection has ended. */
  release(): void;
}

const TOO_MANY = {
  tooManyClients: {
    cause: "tooManyClients",
    code: ReasonCode.QuotaExceeded,
    detail: "Cannot accept one more client of this user",
  },
  tooManyConnects: {
    cause: "tooManyConnects",
    code: ReasonCode.ConnectionRateExceeded,
    detail: "Cannot accept so many connections a second of this user",
  },
} as const satisfies Readonly<Record<string, Refusal>>;

/** What this client may use, or why it may not come in at all. */
export function allowanceFor(
  context: ConnectionContext,
  { user, clientId = "" }: Pick<Attendance, "user" | "clientId">,
): Allowance | Refusal {
  const { users, door, limits } = context;
  const now = context.clock.monotonic();
  const obstacle = user === undefined
    ? undefined
    : users.obstacle(user, clientId, now);
  if (obstacle !== undefined) return TOO_MANY[obstacle];
  const { publishesPerSecond, bytesPerSecond } = door.limits;
  const own = (perSecond: number | undefined) =>
    perSecond === undefined ? undefined : new TokenBucket(perSecond, now);
  const shared = user === undefined ? undefined : users.ratesOf(user);
  const pace = new Pace({
    publishes: [own(publishesPerSecond), shared?.publishes],
    bytes: [own(bytesPerSecond), shared?.bytes],
    context,
    clientId,
  });
  const userLimits = user === undefined ? undefined : users.limitsOf(user);
  return {
    limits: userLimits === undefined ? limits : lowerLimits(limits, userLimits),
    pace: pace.free ? undefined : pace,
    release: user === undefined ? () => {} : users.add(user, clientId),
  };
}
