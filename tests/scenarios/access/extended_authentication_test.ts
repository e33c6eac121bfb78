/** Enhanced authentication (4.12), with a method made up for the test: what the Connection does, whatever the method. */

import assert from "node:assert/strict";
import type {
  Applicant,
  Authenticator,
  Identity,
  Step,
} from "../../../src/auth/methods/method.ts";
import { TestBroker, until } from "../../support/programs/broker.ts";
import type { Client } from "../../support/clients/client.ts";
import { frame, joinAll } from "../../support/bytes.ts";
import { encodeProperties } from "../../support/properties.ts";

const METHOD = "COUNT";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Lets in who says its name, then `1` and `2`. A name of `nobody` is denied; `wrong` must not be said. */
class Counting implements Authenticator {
  readonly applicants: Applicant[] = [];
  holding = true;

  begin(applicant: Applicant, method: string | undefined) {
    this.applicants.push(applicant);
    if (method !== METHOD) return undefined;
    let name: string | undefined;
    let said = 0;
    return {
      claimed: undefined,
      take: (says: Uint8Array | undefined): Promise<Step> => {
        const text = decoder.decode(says);
        if (name === undefined) name = text;
        else if (text !== `${++said}`) return Promise.resolve(denied(text));
        if (name === "nobody") return Promise.resolve(denied(name));
        if (said < 2) {
          const data = encoder.encode(`say ${said + 1}`);
          return Promise.resolve({ type: "continue", data });
        }
        const identity = { user: name, by: METHOD, credential: name };
        const data = encoder.encode("welcome");
        return Promise.resolve({ type: "granted", identity, data });
      },
    };
  }

  holds(_identity: Identity): boolean {
    return this.holding;
  }
}

function denied(what: string): Step {
  const detail = `It said ${JSON.stringify(what)}`;
  return {
    type: "denied",
    denial: { cause: "badUserNameOrPassword", detail },
  };
}

function auth(reasonCode: number, data: string, method = METHOD): Uint8Array {
  return frame(
    0xF0,
    joinAll([
      Uint8Array.of(reasonCode),
      encodeProperties({
        authenticationMethod: method,
        authenticationData: encoder.encode(data),
      }),
    ]),
  );
}

/** Opens a connection and begins; the broker's first AUTH has been read when this returns. */
async function begin(broker: TestBroker, name: string): Promise<Client> {
  const client = await broker.open();
  await client.sendConnect({
    clientId: "c1",
    properties: {
      authenticationMethod: METHOD,
      authenticationData: encoder.encode(name),
    },
  });
  return client;
}

async function expectAuth(
  client: Client,
  reasonCode: number,
  data: string,
): Promise<void> {
  const packet = await client.expect("auth");
  assert.equal(packet.reasonCode, reasonCode);
  assert.equal(packet.properties.authenticationMethod, METHOD);
  assert.equal(decoder.decode(packet.properties.authenticationData), data);
}

/** Lets the client in. */
async function enter(broker: TestBroker, name: string): Promise<Client> {
  const client = await begin(broker, name);
  await expectAuth(client, 0x18, "say 1");
  await client.sendRaw(auth(0x18, "1"));
  await expectAuth(client, 0x18, "say 2");
  await client.sendRaw(auth(0x18, "2"));
  client.connack = await client.expect("connack");
  assert.equal(client.connack.reasonCode, 0);
  return client;
}

Deno.test("authentication goes on until the method is content [MQTT-4.12.0-2] [MQTT-4.12.0-5] [MQTT-3.15.2-1]", async () => {
  await using broker = await TestBroker.start({
    authenticator: new Counting(),
  });
  const client = await enter(broker, "ann");
  const { properties } = client.connack;
  assert.equal(properties.authenticationMethod, METHOD);
  assert.equal(decoder.decode(properties.authenticationData), "welcome");
  assert.ok(
    broker.log.some((line) =>
      /Client connected.*client=c1.*user=ann/.test(line)
    ),
    broker.log.join("\n"),
  );
  await client.ping();
});

Deno.test("authentication that fails ends the connection, and says why in the log alone [MQTT-4.12.0-4]", async () => {
  await using broker = await TestBroker.start({
    authenticator: new Counting(),
  });
  const client = await begin(broker, "nobody");
  const connack = await client.expectRefused(0x86);
  assert.equal(connack.properties.reasonString, undefined);
  assert.equal(broker.counters.refused.badUserNameOrPassword, 1);
  assert.ok(broker.log.some((line) => /It said .*nobody/.test(line)));
});

Deno.test("authentication with a method that there is not is refused [MQTT-4.12.0-1]", async () => {
  await using broker = await TestBroker.start({
    authenticator: new Counting(),
  });
  const client = await broker.open();
  await client.sendConnect({ properties: { authenticationMethod: "OTHER" } });
  await client.expectRefused(0x8C);
});

for (
  const [what, packet] of [
    ["another method", auth(0x18, "1", "OTHER")],
    ["the beginning of another authentication", auth(0x19, "1")],
    ["a PINGREQ", Uint8Array.of(0xC0, 0)],
  ] as const
) {
  Deno.test(`authentication is ended by ${what} in its midst`, async () => {
    await using broker = await TestBroker.start({
      authenticator: new Counting(),
    });
    const client = await begin(broker, "ann");
    await expectAuth(client, 0x18, "say 1");
    await client.sendRaw(packet);
    await client.expectRefused(0x82);
  });
}

Deno.test("authentication may be called off", async () => {
  await using broker = await TestBroker.start({
    authenticator: new Counting(),
  });
  const client = await begin(broker, "ann");
  await expectAuth(client, 0x18, "say 1");
  await client.sendRaw(Uint8Array.of(0xE0, 0));
  await client.expectClosed();
});

Deno.test("authentication begins again while all else goes on [MQTT-4.12.1-1]", async () => {
  await using broker = await TestBroker.start({
    authenticator: new Counting(),
  });
  const client = await enter(broker, "ann");
  for (let again = 0; again < 2; again++) {
    await client.sendRaw(auth(0x19, "ann"));
    await expectAuth(client, 0x18, "say 1");
    await client.ping();
    await client.sendRaw(auth(0x18, "1"));
    await expectAuth(client, 0x18, "say 2");
    await client.sendRaw(auth(0x18, "2"));
    await expectAuth(client, 0, "welcome");
  }
});

Deno.test("authentication that fails again, or finds somebody else, ends the client [MQTT-4.12.1-2]", async () => {
  await using broker = await TestBroker.start({
    authenticator: new Counting(),
  });
  const first = await enter(broker, "ann");
  await first.sendRaw(auth(0x19, "nobody"));
  await first.expectClosed(0x87);

  const second = await enter(broker, "ann");
  await second.sendRaw(auth(0x19, "bob"));
  await expectAuth(second, 0x18, "say 1");
  await second.sendRaw(auth(0x18, "1"));
  await expectAuth(second, 0x18, "say 2");
  await second.sendRaw(auth(0x18, "2"));
  await second.expectClosed(0x87);
});

for (
  const [what, packets] of [
    ["that goes on where none is under way", [auth(0x18, "1")]],
    ["of another method", [auth(0x19, "ann", "OTHER")]],
    ["before the last one is answered", [auth(0x19, "ann"), auth(0x18, "1")]],
  ] as const
) {
  Deno.test(`AUTH ${what} is a protocol error`, async () => {
    await using broker = await TestBroker.start({
      authenticator: new Counting(),
    });
    const client = await enter(broker, "ann");
    await client.sendRaw(joinAll(packets));
    await client.expectClosed(0x82);
  });
}

Deno.test("a client whose credential holds no more is ended", async () => {
  const authenticator = new Counting();
  await using broker = await TestBroker.start({ authenticator });
  const client = await enter(broker, "ann");
  await broker.recheck();
  await client.ping();
  authenticator.holding = false;
  await broker.recheck();
  assert.equal((await client.expect("disconnect")).reasonCode, 0x87);
  await until(
    "it is counted",
    () => broker.counters.disconnected.notAuthorized === 1,
  );
});
