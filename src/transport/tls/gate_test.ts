import assert from "node:assert/strict";
import { loadTls, TlsFaults } from "./load.ts";
import {
  type CertificateFiles,
  Certificates,
  inDays,
} from "../../../tests/support/programs/certificates.ts";
import { until } from "../../../tests/support/programs/broker.ts";
import { TestListener } from "../../../tests/support/programs/listener.ts";
import type { Limits } from "../../core/limits.ts";
import type { TlsSettings } from "../listener_settings.ts";

function listen(
  tls: TlsSettings,
  limits: Partial<Limits> = {},
): Promise<TestListener> {
  const address = {
    protocol: "mqtts",
    hostname: "127.0.0.1",
    port: 0,
  } as const;
  return TestListener.start({ address, tls }, { limits });
}

/** Has OpenSSL connect and say hello, and returns its output once the connection has ended. */
async function openssl(
  { port }: TestListener,
  ...flags: string[]
): Promise<string> {
  const process = new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${port}`, ...flags],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { stdout, stderr } = await process.output();
  await process.stdin.close().catch(() => {});
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

function shown({ certificate, key }: CertificateFiles): string[] {
  return ["-cert", certificate, "-key", key];
}

/** Waits for the sentence that the log has for a failed handshake. */
async function expectFailure(
  listener: TestListener,
  reason: RegExp,
): Promise<void> {
  const isIt = (line: string) =>
    /INFO +TLS handshake failed address=127\.0\.0\.1/.test(line);
  await until("a handshake has failed", () => listener.log.some(isIt));
  assert.match(listener.log.find(isIt)!, reason);
  assert.equal(listener.counters.tlsFailures, 1);
  assert.equal(listener.unasked, 0);
}

const FAILURES: readonly {
  readonly name: string;
  readonly flags: (made: Certificates) => Promise<string[]>;
  readonly settings?: Partial<TlsSettings>;
  readonly reason: RegExp;
}[] = [
  {
    name: "shows no certificate",
    flags: () => Promise.resolve([]),
    reason: /the client showed no certificate/,
  },
  {
    name: "shows one of another authority",
    flags: async () => {
      const others = await Certificates.make("Test authority");
      return shown(await others.client("pump"));
    },
    reason: /CN=pump, was signed by no authority that is known here/,
  },
  {
    name: "shows one that has expired",
    flags: async (made) =>
      shown(
        await made.client("pump", {
          from: inDays(-20),
          until: new Date("2026-01-02T03:04:05Z"),
        }),
      ),
    reason: /CN=pump, expired on 2026-01-02/,
  },
  {
    name: "shows one that is not valid yet",
    flags: async (made) =>
      shown(
        await made.client("pump", {
          from: new Date("2090-01-02"),
          until: new Date("2091-01-02"),
        }),
      ),
    reason:
      /CN=pump, is not valid before 2090-01-02 by this machine's clock, which shows 20\d\d-/,
  },
  {
    name: "shows one for servers",
    flags: async (made) => shown(await made.server("other")),
    reason: /CN=other, is not meant for clients/,
  },
  {
    name: "speaks no newer TLS than 1.1",
    flags: () => Promise.resolve(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]),
    reason: /the client speaks TLS 1\.1 at most, which is too old/,
  },
  {
    name: "speaks no newer TLS than 1.2 where 1.3 is the oldest",
    flags: () => Promise.resolve(["-tls1_2"]),
    settings: { minimumVersion: "TLSv1.3" },
    reason: /the client's TLS version is too old for this listener/,
  },
  {
    name: "does not know the authority",
    flags: async () => {
      const others = await Certificates.make("Another authority");
      return ["-CAfile", others.authorityFile, "-verify_return_error"];
    },
    reason: /does not know the authority that signed this server's/,
  },
];

for (const { name, flags, settings, reason } of FAILURES) {
  Deno.test(`Listener with TLS refuses a client that ${name}, and says so`, async () => {
    using made = await Certificates.make();
    const { certificate, key } = await made.server();
    using listener = await listen({
      certificate,
      key,
      clientCertificates: "require",
      clientAuthority: made.authorityFile,
      ...settings,
    });
    const [args] = await Promise.all([flags(made)]);
    await Promise.all([
      openssl(listener, ...args),
      expectFailure(listener, reason),
    ]);
  });
}

Deno.test("Listener with TLS says that a client spoke without it", async () => {
  using made = await Certificates.make();
  using listener = await listen(await made.server());
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.port,
  });
  await connection.write(new Uint8Array([0x10, 0x0c, 0, 4]));
  await expectFailure(
    listener,
    /a client without TLS spoke to the TLS port/,
  );
  assert.equal(await connection.read(new Uint8Array(1)), null);
  connection.close();
});

Deno.test("Listener with TLS closes a connection on which nothing comes", async () => {
  using made = await Certificates.make();
  using listener = await listen(await made.server(), { connectTimeout: 50 });
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.port,
  });
  assert.equal(await connection.read(new Uint8Array(1)), null);
  connection.close();
  await until(
    "it is told",
    () => listener.log.some((line) => /it took too long/.test(line)),
  );
  await until("it is counted", () => listener.counters.tlsFailures === 1);
});

Deno.test("Listener with TLS knows a client by its certificate", async () => {
  using made = await Certificates.make();
  const pump = await made.client("pump 1", {
    alternativeNames: [
      { type: "dns", value: "pump.example" },
      { type: "url", value: "urn:pump:1" },
    ],
  });
  for (const clientCertificates of ["require", "request"] as const) {
    using listener = await listen({
      ...await made.server(),
      clientCertificates,
      clientAuthority: made.authorityFile,
    });
    const [output, transport] = await Promise.all([
      openssl(
        listener,
        ...shown(pump),
        "-alpn",
        "mqtt",
        "-CAfile",
        made.authorityFile,
      ),
      listener.accepted().then((transport) => {
        transport.close();
        return transport;
      }),
    ]);
    assert.match(output, /ALPN protocol: mqtt/);
    assert.match(output, /Verify return code: 0/);
    const hash = await crypto.subtle.digest(
      "SHA-256",
      pump.issued.certificate.rawData,
    );
    assert.deepEqual(transport.certificate, {
      commonName: "pump 1",
      alternativeNames: ["DNS:pump.example", "URI:urn:pump:1"],
      fingerprint: new Uint8Array(hash).toHex(),
    });
  }
});

Deno.test("Listener with TLS knows a client's certificate again where it resumes a session", async () => {
  using made = await Certificates.make();
  const pump = await made.client("pump");
  using listener = await listen({
    ...await made.server(),
    clientCertificates: "require",
    clientAuthority: made.authorityFile,
  });
  const session = `${made.folder}/session`;
  const visit = async (...flags: string[]): Promise<string> => {
    const [output, transport] = await Promise.all([
      openssl(listener, ...shown(pump), "-tls1_2", ...flags),
      listener.accepted().then((transport) => {
        transport.close();
        return transport;
      }),
    ]);
    assert.equal(transport.certificate?.commonName, "pump");
    return output;
  };
  assert.match(await visit("-sess_out", session), /^New, /m);
  assert.match(await visit("-sess_in", session), /^Reused, /m);
});

Deno.test("Listener with TLS lets clients in without certificate where they need none", async () => {
  using made = await Certificates.make();
  for (const clientCertificates of ["request", "no"] as const) {
    using listener = await listen({
      ...await made.server(),
      clientCertificates,
      ...(clientCertificates === "request" &&
        { clientAuthority: made.authorityFile }),
    });
    const [, transport] = await Promise.all([
      openssl(listener),
      listener.accepted().then((transport) => {
        transport.close();
        return transport;
      }),
    ]);
    assert.equal(transport.certificate, undefined);
  }
});

Deno.test("Listener with TLS refuses revoked certificates, also by a list that is out of date", async () => {
  using made = await Certificates.make();
  const [server, good, bad] = [
    await made.server(),
    await made.client("good"),
    await made.client("bad"),
  ];
  const revocationList = await made.revoke([bad], { until: inDays(-1) });
  using listener = await listen({
    ...server,
    clientCertificates: "require",
    clientAuthority: made.authorityFile,
    revocationList,
  });
  assert.ok(
    listener.log.some((line) => /should have been renewed by/.test(line)),
  );
  await Promise.all([
    openssl(listener, ...shown(good)),
    listener.accepted().then((transport) => transport.close()),
  ]);
  await Promise.all([
    openssl(listener, ...shown(bad)),
    expectFailure(listener, /CN=bad, is revoked/),
  ]);
});

Deno.test("Listener with TLS reads no more than a little of what nobody takes", async () => {
  using made = await Certificates.make();
  using listener = await listen(await made.server());
  const connection = await Deno.connectTls({
    hostname: "127.0.0.1",
    port: listener.port,
    caCerts: [made.authorityPem],
  });
  const transport = await listener.accepted();
  let sent = 0;
  const sending = (async () => {
    const bytes = new Uint8Array(64 * 1024);
    for (;;) sent += await connection.write(bytes);
  })().catch(() => {});
  await transport.read(new Uint8Array(1));
  for (let before = -1; before !== sent;) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  // What can be read without waiting is what was held on our side of the network.
  const held = await transport.read(new Uint8Array(64 * 1024 * 1024));
  assert.ok(held! < 512 * 1024, `Held ${held} bytes`);
  transport.close();
  await sending;
  connection.close();
});

Deno.test("loadTls takes a certificate that is not valid yet, as to a machine that does not know the time, and warns", async () => {
  using made = await Certificates.make();
  const server = await made.server();
  const client = {
    clientCertificates: "require",
    clientAuthority: made.authorityFile,
  } as const;
  const { warnings } = await loadTls({ ...server, ...client }, 0);
  assert.deepEqual(warnings.map(({ file }) => file), [
    server.certificate,
    made.authorityFile,
  ]);
  for (const { message } of warnings) {
    assert.match(
      message,
      /not valid before 20.*clock, which shows 1970-01-01$/,
    );
  }
});

Deno.test("loadTls names every file that is not right, and what to do", async () => {
  using made = await Certificates.make();
  const good = await made.server();
  const other = await made.server("other");
  const client = await made.client("pump");
  const encrypted = made.write(
    "encrypted.key",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
  );
  const damaged = made.write(
    "damaged.crt",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  );
  const old = await made.server("old", { from: inDays(-9), until: inDays(-2) });
  const clientAuthority = made.authorityFile;
  const asks = { clientCertificates: "require", clientAuthority } as const;
  const cases: readonly (readonly [TlsSettings, string, RegExp])[] = [
    [{ ...good, key: other.key }, other.key, /not the key of the first/],
    [{ ...good, key: encrypted }, encrypted, /encrypted.*openssl pkey/],
    [{ ...good, key: good.certificate }, good.certificate, /exchanged\?/],
    [{ ...good, certificate: damaged }, damaged, /number 1 is damaged/],
    [{ ...good, certificate: "/nowhere" }, "/nowhere", /There is no such file/],
    [old, old.certificate, /CN=old expired on .*: put a new one/],
    [
      { ...good, ...asks, clientAuthority: client.certificate },
      client.certificate,
      /CN=pump is not one of an authority/,
    ],
    [
      { ...good, ...asks, revocationList: clientAuthority },
      clientAuthority,
      /holds no revocation list/,
    ],
  ];
  for (const [settings, file, message] of cases) {
    await assert.rejects(loadTls(settings), (error) => {
      assert.ok(error instanceof TlsFaults);
      assert.deepEqual(error.faults.map((fault) => fault.file), [file]);
      assert.match(error.faults[0]!.message, message);
      assert.doesNotMatch(error.message, /AAAA/);
      return true;
    });
  }
});
