import assert from "node:assert/strict";
import { PacketType } from "./packet.ts";
import {
  ConnectReturnCode,
  connectReturnCode,
  ReasonCode,
  reasonName,
  reasonOfReturnCode,
} from "./reason_code.ts";
import { isReasonAllowed } from "./reason_table.ts";

Deno.test("reasonName names every reason code, and any other number", () => {
  for (const [name, code] of Object.entries(ReasonCode)) {
    if (code !== 0) assert.equal(reasonName(code), name);
  }
  assert.equal(reasonName(0), "Success");
  assert.equal(reasonName(0x05), "0x05");
});

Deno.test("connectReturnCode keeps what 3.x can say", () => {
  for (const code of Object.values(ConnectReturnCode)) {
    assert.equal(connectReturnCode(reasonOfReturnCode(code)!), code);
  }
  assert.equal(reasonOfReturnCode(6), undefined);
  assert.equal(
    connectReturnCode(ReasonCode.ServerBusy),
    ConnectReturnCode.ServerUnavailable,
  );
});

Deno.test("connectReturnCode never turns a failure into a success", () => {
  for (const code of Object.values(ReasonCode)) {
    if (code >= 0x80) {
      assert.notEqual(connectReturnCode(code), ConnectReturnCode.Accepted);
    }
  }
});

Deno.test("isReasonAllowed knows how many reason codes each packet has, from each side [MQTT-3.4.2-1, MQTT-3.5.2-1, MQTT-3.6.2-1, MQTT-3.7.2-1]", () => {
  // The lengths of the tables of reason codes in the specification.
  const counts:
    readonly (readonly [PacketType, client: number, server: number])[] = [
      [PacketType.Connack, 0, 22],
      [PacketType.Puback, 8, 9],
      [PacketType.Pubrec, 8, 9],
      [PacketType.Pubrel, 2, 2],
      [PacketType.Pubcomp, 2, 2],
      [PacketType.Suback, 0, 12],
      [PacketType.Unsuback, 0, 7],
      [PacketType.Disconnect, 14, 28],
      [PacketType.Auth, 2, 2],
    ];
  for (const [type, fromClient, fromServer] of counts) {
    let client = 0;
    let server = 0;
    for (let code = 0; code < 256; code++) {
      if (isReasonAllowed(type, code, "server")) client++;
      if (isReasonAllowed(type, code, "client")) server++;
    }
    assert.deepEqual([client, server], [fromClient, fromServer], String(type));
  }
});
