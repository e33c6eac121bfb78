import assert from "node:assert/strict";
import {
  applicant,
  type Brings,
  verdictOf,
} from "../../../tests/support/clients/applicant.ts";
import { type CertificateIdentity, CertificateMethod } from "./certificate.ts";
import type { Identity } from "./method.ts";

const PUMP = {
  commonName: "pump 7",
  alternativeNames: [
    "DNS:pump.example",
    "DNS:pump.local",
    "URI:urn:dev:7",
    "email:pump@example.org",
    "IP Address:192.0.2.7",
  ],
};

async function judge(
  identity: CertificateIdentity,
  certificate: NonNullable<Brings["certificate"]>,
): Promise<string | undefined> {
  const method = new CertificateMethod(identity);
  const verdict = await verdictOf(method.begin(applicant({ certificate })));
  return "detail" in verdict ? verdict.detail : verdict.user;
}

Deno.test("CertificateMethod takes the user from where it is told", async () => {
  assert.equal(await judge("cn", PUMP), "pump 7");
  assert.equal(await judge("san-uri", PUMP), "urn:dev:7");
  assert.equal(await judge("san-email", PUMP), "pump@example.org");
  const one = { alternativeNames: ["DNS:pump.example"] };
  assert.equal(await judge("san-dns", one), "pump.example");
});

Deno.test("CertificateMethod refuses a certificate that names nobody, or several", async () => {
  assert.match((await judge("san-dns", PUMP))!, /several alternative names/);
  assert.match((await judge("san-uri", {}))!, /no alternative name/);
  assert.match((await judge("cn", {}))!, /no Common Name/);
  for (const commonName of ["", "a\0b", "a\nb", "x".repeat(600)]) {
    assert.match((await judge("cn", { commonName }))!, /empty, too long or/);
  }
  const quoted = { alternativeNames: ['DNS:"a, DNS:b"'] };
  assert.match((await judge("san-dns", quoted))!, /odd characters/);
});

Deno.test("CertificateMethod lets in whom the certificate names, whatever CONNECT says", async () => {
  const method = new CertificateMethod("cn");
  const brings = { user: "admin", password: "x", certificate: PUMP };
  assert.deepEqual(
    await verdictOf(method.begin(applicant(brings))),
    { user: "pump 7", by: "certificate" },
  );
  assert.equal(method.begin(applicant({ user: "admin" })), undefined);
});

Deno.test("CertificateMethod holds as long as the name comes from the same place", async () => {
  const method = new CertificateMethod("cn");
  const step = await method.begin(applicant({ certificate: PUMP }))!.take(
    undefined,
  );
  assert.equal(step.type, "granted");
  const { identity } = step as { identity: Identity };
  assert.ok(method.holds(identity));
  assert.ok(!new CertificateMethod("san-uri").holds(identity));
  assert.ok(!method.holds({ ...identity, by: "password" }));
});
