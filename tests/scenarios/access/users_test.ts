/** Users of a password file, over the wire: by password with clients as they are, and with SCRAM-SHA-256. */

import assert from "node:assert/strict";
import { Authentication } from "../../../src/auth/authentication.ts";
import { LoginThrottle } from "../../../src/auth/throttle/login_throttle.ts";
import { LateAnswers } from "../../../src/auth/methods/late_answers.ts";
import { PasswordVerifier } from "../../../src/auth/passwords/verifier.ts";
import {
  formatScramKeys,
  makeScramKeys,
} from "../../../src/auth/passwords/scram_keys.ts";
import { ALICE, BOB, Stage, usersOf } from "../../support/clients/applicant.ts";
import { TestBroker } from "../../support/programs/broker.ts";
import { frame, joinAll } from "../../support/bytes.ts";
import { Client } from "../../support/clients/client.ts";
import { mosquittoPub } from "../../support/clients/mosquitto.ts";
import { encodeProperties } from "../../support/properties.ts";
import { payloadText } from "../../support/clients/read_packets.ts";
import { ScramClient } from "../../support/clients/scram_client.ts";

const SCRAM = "SCRAM-SHA-256";
const CAROL = `carol:${BOB.slice("bob:".length)}:${
  formatScramKeys(await makeScramKeys("secret", { iterations: 4096 }))
}`;

function authenticationOf(stage: Stage, ...lines: string[]): Authentication {
  return new Authentication(
    { users: usersOf(...lines), anonymous: false },
    {
      verifier: new PasswordVerifier(stage),
      loginThrottle: new LoginThrottle(stage),
      lateAnswers: new LateAnswers(stage.timers),
      log: stage.log,
    },
  );
}

function auth(reasonCode: number, data: Uint8Array): Uint8Array {
  const properties = { authenticationMethod: SCRAM, authenticationData: data };
  return frame(
    0xF0,
    joinAll([Uint8Array.of(reasonCode), encodeProperties(properties)]),
  );
}

Deno.test("users: come in by password, in every version, and nobody else does", async () => {
  using stage = new Stage();
  const authenticator = authenticationOf(stage, ALICE, BOB);
  await using broker = await TestBroker.start({ authenticator });
  const bob = await Client.connect(broker.address, {
    username: "bob",
    password: "secret",
  });
  await bob.subscribe("a");
  const shown = ["-t", "a", "-m", "hello", "-u", "alice", "-P", "secret"];
  for (const version of ["31", "311", "5"]) {
    await mosquittoPub(broker.address, ...shown, "-V", version);
    assert.equal(payloadText(await bob.expect("publish")), "hello");
  }
  const refusals = [
    [{ username: "alice", password: "wrong" }, 5, 0x86],
    [{ username: "nobody", password: "secret" }, 5, 0x86],
    [{ username: "alice" }, 5, 0x86],
    [{}, 5, 0x87],
  ] as const;
  for (const [brings, ...codes] of refusals) {
    for (const version of [4, 5] as const) {
      const client = await broker.open(version);
      // An answer to a second failure is late by the clock of the test.
      const advance = setInterval(() => stage.clock.advance(1000), 5);
      await client.sendConnect(brings);
      await client.expectRefused(codes[version - 4]!);
      clearInterval(advance);
    }
  }
  assert.equal(broker.counters.refused.badUserNameOrPassword, 6);
  assert.equal(broker.counters.refused.notAuthorized, 2);
  const lines = broker.log.join("\n");
  assert.match(lines, /wrong password/);
  assert.match(lines, /unknown user/);
  assert.doesNotMatch(lines, /secret|"wrong"/);
  await bob.disconnect();
});

Deno.test("users: come in with SCRAM-SHA-256, and show it again later", async () => {
  using stage = new Stage();
  const authenticator = authenticationOf(stage, ALICE, CAROL);
  await using broker = await TestBroker.start({ authenticator });
  const begin = async (scram: ScramClient) => {
    const client = await broker.open();
    await client.sendConnect({
      properties: {
        authenticationMethod: SCRAM,
        authenticationData: scram.first(),
      },
    });
    const { properties } = await client.expect("auth");
    const final = scram.final(properties.authenticationData!);
    await client.sendRaw(auth(0x18, final));
    return client;
  };
  const scram = new ScramClient("carol", "secret");
  const client = await begin(scram);
  const connack = await client.expect("connack");
  assert.equal(connack.reasonCode, 0);
  scram.check(connack.properties.authenticationData);

  const again = new ScramClient("carol", "secret", { nonce: "another" });
  await client.sendRaw(auth(0x19, again.first()));
  const { properties } = await client.expect("auth");
  await client.sendRaw(auth(0x18, again.final(properties.authenticationData!)));
  const last = await client.expect("auth");
  assert.equal(last.reasonCode, 0);
  again.check(last.properties.authenticationData);

  for (const user of ["alice", "nobody"]) {
    const other = await begin(new ScramClient(user, "secret"));
    await other.expectRefused(0x86);
  }
});

Deno.test("users: are ended when their line of the file is another one, and nobody else is", async () => {
  using stage = new Stage();
  const authenticator = authenticationOf(stage, ALICE, BOB);
  await using broker = await TestBroker.start({ authenticator });
  const [alice, bob] = await Promise.all(
    ["alice", "bob"].map((username) =>
      Client.connect(broker.address, {
        clientId: username,
        username,
        password: "secret",
      })
    ),
  ) as [Client, Client];
  await broker.changeAuthenticator(
    authenticationOf(stage, ALICE, BOB.replace("$6$zG", "$6$zH")),
  );
  assert.equal((await bob.expect("disconnect")).reasonCode, 0x87);
  await alice.ping();
  await alice.disconnect();
  await bob.expectClosed();
});
