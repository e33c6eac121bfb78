import { lowerLimits } from "../auth/limits/lower_limits.ts";
import { bucketFor, type TokenBucket } from "../auth/limits/token_bucket.ts";
import type { Limits } from "../core/limits.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import type { ConnectionLog } from "./connection_log.ts";
import type { ConnectionContext } from "./context.ts";
import type { Refusal } from "./handshake.ts";
import { RateLimit } from "./rate_limit.ts";

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

/** There is room for clients that take over their own connection, and this one does not. */
const FULL: Refusal = {
  cause: "tooManyConnections",
  code: ReasonCode.ServerBusy,
  detail: "Cannot accept one more connection",
};

/** What one client may use, by its listener and its user. */
export class ClientLimits {
  /** The limits that hold for it while it is connected: it was told of them. */
  readonly limits: Limits;
  readonly #context: ConnectionContext;
  readonly #connectionLog: Pick<ConnectionLog, "user" | "clientId">;
  readonly #release: (() => void) | undefined;
  #publishes: TokenBucket | undefined;
  #bytes: TokenBucket | undefined;
  #rateLimit: RateLimit | undefined;

  /** Counts the client. */
  constructor(
    context: ConnectionContext,
    connectionLog: Pick<ConnectionLog, "user" | "clientId">,
  ) {
    const { users, limits } = context;
    const { user, clientId = "" } = connectionLog;
    this.#context = context;
    this.#connectionLog = connectionLog;
    const own = user === undefined ? undefined : users.limitsOf(user);
    this.limits = own === undefined ? limits : lowerLimits(limits, own);
    if (user !== undefined) this.#release = users.add(user, clientId);
    this.renew();
  }

  /** What it may send a second; `undefined` where that is not limited. */
  get rateLimit(): RateLimit | undefined {
    return this.#rateLimit?.free === false ? this.#rateLimit : undefined;
  }

  /** What it may send a second may have changed. */
  renew(): void {
    const context = this.#context;
    const { user, clientId = "" } = this.#connectionLog;
    const { publishesPerSecond, bytesPerSecond } = context.door.limits;
    const now = context.clock.monotonic();
    this.#publishes = bucketFor(this.#publishes, publishesPerSecond, now);
    this.#bytes = bucketFor(this.#bytes, bytesPerSecond, now);
    const shared = user === undefined ? undefined : context.users.ratesOf(user);
    const publishes = [this.#publishes, shared?.publishes];
    const bytes = [this.#bytes, shared?.bytes];
    const isLimited = [...publishes, ...bytes].some((one) => one !== undefined);
    if (isLimited) this.#rateLimit ??= new RateLimit({ context, clientId });
    this.#rateLimit?.measure(publishes, bytes);
  }

  /** The connection ends: nothing is waited for. */
  end(): void {
    this.#rateLimit?.end();
  }

  /** The connection has ended, and is counted no more. */
  release(): void {
    this.#release?.();
  }
}

/** What this client may use, or why it may not come in at all. */
export async function clientLimitsFor(
  context: ConnectionContext,
  connectionLog: Pick<ConnectionLog, "user" | "clientId">,
): Promise<ClientLimits | Refusal> {
  const { user, clientId = "" } = connectionLog;
  if (context.door.isOverfull() && !await takesOver(context, clientId)) {
    return FULL;
  }
  const obstacle = user === undefined
    ? undefined
    : context.users.obstacle(user, clientId, context.clock.monotonic());
  return obstacle === undefined
    ? new ClientLimits(context, connectionLog)
    : TOO_MANY[obstacle];
}

/** Whether a client takes the place of its own earlier connection, so that there is no more of them than before. */
function takesOver(
  { router }: ConnectionContext,
  clientId: string,
): Promise<boolean> {
  return router.ask((registry) =>
    registry.session(clientId)?.link !== undefined
  );
}
