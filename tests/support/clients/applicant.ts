import assert from "node:assert/strict";
import type {
  Applicant,
  Denial,
  Exchange,
} from "../../../src/auth/methods/method.ts";
import { parsePasswordFile } from "../../../src/auth/passwords/file.ts";
import { Users } from "../../../src/auth/passwords/users.ts";
import { ManualClock } from "../../../src/core/clock.ts";
import { createLog, type Log } from "../../../src/core/log.ts";
import { TimerWheel } from "../../../src/core/timer_wheel.ts";
import type { PeerCertificate } from "../../../src/transport/transport.ts";
import { ScramClient } from "./scram_client.ts";

/** A line of mosquitto_passwd, which is worked out in no time. The password is `secret`. */
export const ALICE =
  "alice:$7$101$LiLUXCmc0F3jDCWU$oLjwGHJx0XpzkGEI8E62SMHDyXp4RAuhcGz5a6TsGZJGCRT5lia3UXXBHF2hjJl2DGOOdZsY1ZkhBgbXo+sorQ==";

/** Another one, of its older kind. The password is `secret`. */
export const BOB =
  "bob:$6$zGFFDxgEoUilUUqh$jh/ff0hq3MgBxmDHSaoER69u/QxO33ROPVme8ZasExGr96eKin3cElyGFsGC66UbyfAFbgTxwOJ27DHBuMnF+g==";

/** Users of a file with these lines, which must be without fault. */
export function usersOf(...lines: readonly string[]): Users {
  const file = parsePasswordFile(new TextEncoder().encode(lines.join("\n")));
  assert.deepEqual(file.faults, []);
  return new Users(file);
}

/** What a client brings. */
export interface Brings {
  readonly clientId?: string;
  readonly user?: string;
  readonly password?: string;
  readonly address?: string;
  readonly certificate?: Partial<PeerCertificate>;
}

/** A client that brings this, and comes from the internet unless told otherwise. */
export function applicant(
  { clientId = "client", user, password, address, certificate }: Brings = {},
): Applicant {
  return {
    clientId,
    userName: user,
    password: password === undefined
      ? undefined
      : new TextEncoder().encode(password),
    address: address ?? "192.0.2.7",
    certificate: certificate === undefined ? undefined : {
      commonName: undefined,
      alternativeNames: [],
      fingerprint: "aa",
      ...certificate,
    },
  };
}

/** Who it turned out to be, or why it did not come in. */
export type Verdict = { user: string | undefined; by: string } | Denial;

/** Takes the one step of an exchange that has but one. */
export async function verdictOf(
  exchange: Exchange | undefined,
): Promise<Verdict> {
  const step = await exchange!.take(undefined);
  assert.notEqual(step.type, "continue");
  return step.type === "granted"
    ? { user: step.identity.user, by: step.identity.by }
    : (step as { denial: Denial }).denial;
}

/** Goes through SCRAM-SHA-256 as a client does that checks what the server says. */
export async function scramVerdict(
  exchange: Exchange | undefined,
  user: string,
  password: string,
): Promise<Verdict> {
  const client = new ScramClient(user, password);
  const first = await exchange!.take(client.first());
  if (first.type !== "continue") {
    assert.equal(first.type, "denied");
    return (first as { denial: Denial }).denial;
  }
  const last = await exchange!.take(client.final(first.data));
  if (last.type === "denied") return last.denial;
  assert.equal(last.type, "granted");
  if (last.type !== "granted") throw new Error("Not over");
  client.check(last.data);
  return { user: last.identity.user, by: last.identity.by };
}

/** A clock, timers and a log for a test. To be had with `using`. */
export class Stage implements Disposable {
  readonly clock: ManualClock = new ManualClock();
  readonly timers: TimerWheel = new TimerWheel(this.clock);
  /** The lines of the log. */
  readonly lines: Record<string, unknown>[] = [];
  readonly log: Log = createLog({
    level: "info",
    format: "json",
    write: (line) => this.lines.push(JSON.parse(line)),
  });

  [Symbol.dispose](): void {
    this.timers.close();
  }
}
