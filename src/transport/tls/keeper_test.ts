import assert from "node:assert/strict";
import { join } from "node:path";
import { ManualClock } from "../../core/clock.ts";
import { Counters } from "../../core/counters.ts";
import { createLog } from "../../core/log.ts";
import { TimerWheel } from "../../core/timer_wheel.ts";
import { until } from "../../../tests/support/programs/broker.ts";
import {
  Certificates,
  inDays,
} from "../../../tests/support/programs/certificates.ts";
import { TestListener } from "../../../tests/support/programs/listener.ts";
import type { TlsSettings } from "../listener_settings.ts";
import { TlsKeeper } from "./keeper.ts";

/** A listener whose time the test owns. */
async function listen(
  tls: TlsSettings,
): Promise<{ listener: TestListener; clock: ManualClock }> {
  const clock = new ManualClock();
  const address = {
    protocol: "mqtts",
    hostname: "127.0.0.1",
    port: 0,
  } as const;
  const listener = await TestListener.start({ address, tls }, { clock });
  return { listener, clock };
}

function connect(
  { port }: TestListener,
  made: Certificates,
): Promise<Deno.TlsConn> {
  return Deno.connectTls({
    hostname: "127.0.0.1",
    port,
    caCerts: [made.authorityPem],
  });
}

/** Lets the files be looked at until the log has a line. */
async function pollUntil(
  clock: ManualClock,
  { log }: TestListener,
  line: RegExp,
): Promise<void> {
  const look = setInterval(() => clock.advance(10_000), 20);
  try {
    await until(`the log has ${line}`, () => log.some((one) => line.test(one)));
  } finally {
    clearInterval(look);
  }
}

Deno.test("TlsKeeper exchanges certificates and authorities by way of links while connections stay", async () => {
  using first = await Certificates.make("First");
  using second = await Certificates.make("Second");
  const folder = await Deno.makeTempDir();
  const link = join(folder, "now");
  const names = ["server.crt", "server.key", "authority.crt"] as const;
  const [certificate, key, clientAuthority] = names.map((name) =>
    join(link, name)
  );
  await first.server();
  await second.server();
  await Deno.symlink(first.folder, link);
  const { listener, clock } = await listen({
    certificate: certificate!,
    key: key!,
    clientCertificates: "request",
    clientAuthority: clientAuthority!,
  });
  using _listener = listener;
  const old = await connect(listener, first);
  const transport = await listener.accepted();

  await Deno.symlink(second.folder, join(folder, "next"));
  await Deno.rename(join(folder, "next"), link);
  await pollUntil(clock, listener, /INFO +Certificates exchanged/);
  const fresh = await connect(listener, second);
  await listener.accepted();
  fresh.close();

  await old.write(new Uint8Array([7]));
  const buffer = new Uint8Array(8);
  assert.equal(await transport.read(buffer), 1);
  await transport.write(new Uint8Array([8]));
  assert.equal(await old.read(buffer), 1);
  old.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("TlsKeeper keeps what it has where the new files are not right, and tells it once", async () => {
  using made = await Certificates.make();
  const server = await made.server();
  const { listener, clock } = await listen(server);
  using _listener = listener;
  const other = await made.server("other");
  await Deno.copyFile(other.certificate, server.certificate);
  const line = /WARN +Cannot use new certificates, the old ones stay .*not the/;
  await pollUntil(clock, listener, line);
  (await connect(listener, made)).close();
  (await listener.accepted()).close();

  await Deno.copyFile(other.key, server.key);
  await pollUntil(clock, listener, /INFO +Certificates exchanged/);
  assert.equal(listener.log.filter((one) => line.test(one)).length, 1);
});

Deno.test("TlsKeeper takes up what was revoked since", async () => {
  using made = await Certificates.make();
  const [server, pump] = [await made.server(), await made.client("pump")];
  const revocationList = await made.revoke([]);
  const { listener, clock } = await listen({
    ...server,
    clientCertificates: "require",
    clientAuthority: made.authorityFile,
    revocationList,
  });
  using _listener = listener;
  const open = () =>
    Deno.connectTls({
      hostname: "127.0.0.1",
      port: listener.port,
      caCerts: [made.authorityPem],
      cert: Deno.readTextFileSync(pump.certificate),
      key: Deno.readTextFileSync(pump.key),
    });
  const before = await open();
  const transport = await listener.accepted();
  await made.revoke([pump]);
  await pollUntil(clock, listener, /Certificates exchanged/);
  const after = await open();
  await after.read(new Uint8Array(1)).catch(() => null);
  after.close();
  await until(
    "it is refused",
    () => listener.log.some((one) => /CN=pump, is revoked/.test(one)),
  );
  await transport.write(new Uint8Array([1]));
  assert.equal(await before.read(new Uint8Array(1)), 1);
  before.close();
});

Deno.test("TlsKeeper warns once a day of a certificate that expires soon", async () => {
  using made = await Certificates.make();
  const { listener, clock } = await listen(
    await made.server("server", { until: inDays(20.5) }),
  );
  using _listener = listener;
  assert.equal(listener.certificateDays, 20);
  const line = /WARN +The server's certificate expires soon .*days=20/;
  const warnings = () => listener.log.filter((one) => line.test(one)).length;
  assert.equal(warnings(), 1);
  // By the time of this clock a day goes by in steps that are each waited for.
  clock.advance(86_400_000);
  await until("it is warned of again", () => {
    if (warnings() === 2) return true;
    clock.advance(10_000);
    return false;
  });
});

Deno.test("TlsKeeper goes by the machine's clock when that is set, from 1970 to today and beyond", async () => {
  using made = await Certificates.make();
  const clock = new ManualClock();
  const timers = new TimerWheel(clock, {
    onError: (error) => assert.fail(String(error)),
  });
  const lines: string[] = [];
  let machineTime = 20_000;
  const keeper = await TlsKeeper.start({
    protocol: "mqtt",
    settings: await made.server(),
    url: "mqtts://here",
    log: createLog({
      level: "info",
      format: "text",
      write: (line) => void lines.push(line),
    }),
    clock,
    timers,
    counters: new Counters(),
    machineTime: () => machineTime,
  });
  const told = (line: RegExp) => lines.some((one) => line.test(one));
  const setUntil = async (time: number, line: RegExp) => {
    machineTime = time;
    lines.length = 0;
    const look = setInterval(() => clock.advance(10_000), 20);
    await until(`the log has ${line}`, () => told(line));
    clearInterval(look);
  };
  assert.ok(told(/WARN +Look at this file .*not valid before .*1970-01-01/));

  await setUntil(Date.now(), /INFO +The machine's clock was set/);
  clock.advance(86_400_000);
  await setUntil(Date.now() + 90 * 86_400_000, /WARN.*expires soon .*days=9/);
  assert.ok(!told(/not valid before/));
  await setUntil(
    Date.now() + 110 * 86_400_000,
    /WARN +Certificates are not good by the machine's clock.* expired on/,
  );
  keeper.close();
  timers.close();
});
