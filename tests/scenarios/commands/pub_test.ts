import assert from "node:assert/strict";
import { ReasonCode } from "../../../src/codec/reason_code.ts";
import { TestBroker } from "../../support/programs/broker.ts";
import { utf8 } from "../../support/bytes.ts";
import { Certificates } from "../../support/programs/certificates.ts";
import { CommandClient } from "../../support/clients/command_client.ts";
import { runProgram, runWith } from "../../support/programs/program.ts";
import { ScriptedBroker } from "../../support/programs/scripted_broker.ts";
import { PacketType } from "../../../src/codec/packet.ts";

Deno.test("pub publishes lines of standard input as they come, in their order", async () => {
  await using broker = await TestBroker.start();
  const sub = await broker.connect();
  await sub.subscribe("lines", { qos: 2 });
  const [url] = broker.urls;
  await using pub = new CommandClient(["pub", `${url}/lines`, "-l", "-q", "2"]);
  await pub.type("first\r\n");
  assert.equal(
    new TextDecoder().decode((await sub.message()).payload),
    "first",
  );
  const count = 2500;
  const lines = Array.from({ length: count }, (_, index) => `line ${index}\n`);
  await pub.type(lines.join("") + "\nend without a line end");
  await pub.type(undefined);
  for (const { payload } of await sub.messages(count)) {
    assert.equal(new TextDecoder().decode(payload), lines.shift()!.trimEnd());
  }
  const [empty, last] = await sub.messages(2);
  assert.equal(empty!.payload.length, 0);
  assert.equal(
    new TextDecoder().decode(last!.payload),
    "end without a line end",
  );
  assert.equal((await pub.outcome()).status, 0);
});

Deno.test("pub takes a message from everywhere, with retain and properties", async () => {
  await using broker = await TestBroker.start();
  const sub = await broker.connect();
  await sub.subscribe("t", { qos: 1, retainAsPublished: true });
  const url = `${broker.urls[0]}/t`;
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, new Uint8Array([0, 255, 10]));
  const input = "two\nlines\n";
  const outcomes = [
    await runWith({ input }, "pub", "-L", url, "-s", "-q1"),
    await runProgram("pub", url, "-f", file),
    await runProgram("pub", url, "-rn"),
    await runProgram(
      ...["pub", url, "--message=-5", "--repeat", "2"],
      ...["--repeat-delay", "0.01", "-D", "publish", "user-property"],
      ...["name", "value", "-D", "publish", "content-type", "text/plain"],
    ),
  ];
  for (const { status, stdout, stderr } of outcomes) {
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
  }
  const messages = await sub.messages(5);
  assert.deepEqual(
    messages.map(({ payload, qos, retain }) => [payload, qos, retain]),
    [
      [utf8(input), 1, false],
      [new Uint8Array([0, 255, 10]), 0, false],
      [new Uint8Array(0), 0, true],
      [utf8("-5"), 0, false],
      [utf8("-5"), 0, false],
    ],
  );
  const { contentType, userProperties } = messages[3]!.properties;
  assert.deepEqual([contentType, userProperties], [
    "text/plain",
    [["name", "value"]],
  ]);
  await Deno.remove(file);
});

Deno.test("pub says in words what a broker has against it, and nothing of the password", async () => {
  using broker = new ScriptedBroker();
  await using pub = new CommandClient(
    ["pub", broker.url.replace("//", "//pump@"), "-t", "t", "-m", "x", "-q1"],
    { MAILBOXQTT_PASSWORD: "secret" },
  );
  const refused = await broker.meet();
  assert.deepEqual(refused.connect.username, "pump");
  assert.deepEqual(refused.connect.password, utf8("secret"));
  await refused.answer({
    reasonCode: ReasonCode.BadUserNameOrPassword,
    properties: { reasonString: "try again" },
  });
  const first = await pub.outcome();
  assert.equal(first.status, 1);
  assert.equal(
    first.stderr,
    `Cannot connect to ${broker.url}: refused: bad user name or password (0x86): try again\n`,
  );

  await using other = new CommandClient(
    ["pub", "-L", broker.url.replace("//", "//pump:secret@") + "/t", "-nq1"],
  );
  const guest = await broker.accept();
  const { packetId } = await guest.expect(PacketType.Publish);
  await guest.acknowledge(
    PacketType.Puback,
    packetId,
    ReasonCode.NotAuthorized,
  );
  const second = await other.outcome();
  assert.equal(second.status, 1);
  assert.equal(second.stderr, 'Cannot publish to "t": not authorized (0x87)\n');
});

Deno.test("pub goes on with a broker that comes back", async () => {
  using broker = new ScriptedBroker();
  await using pub = new CommandClient(
    ["pub", broker.url, "-t", "t", "-m", "x", "-q1"],
  );
  const first = await broker.accept();
  await first.expect(PacketType.Publish);
  first.close();
  const second = await broker.accept();
  const { packetId } = await second.expect(PacketType.Publish);
  await second.acknowledge(PacketType.Puback, packetId, ReasonCode.Success);
  const { status, stderr } = await pub.outcome();
  assert.equal(status, 0);
  assert.equal(
    stderr,
    `Lost ${broker.url}: it closed the connection. Trying again in 1 second\nConnected again\n`,
  );
});

Deno.test("pub speaks TLS with a client certificate", async () => {
  using made = await Certificates.make();
  const { certificate, key } = await made.server();
  const pump = await made.client("pump");
  const query = new URLSearchParams({
    certificate,
    key,
    client_certificates: "require",
    client_authority: made.authorityFile,
  });
  await using broker = await TestBroker.start({
    alsoListen: [`mqtts://127.0.0.1:0?${query}`],
  });
  const url = `${broker.urls[1]}/t`;
  const sub = await broker.connect();
  await sub.subscribe("t");
  const shown = ["--cert", pump.certificate, "--key", pump.key];
  const good = await runProgram(
    ...["pub", url, "-m", "x", "--cafile", made.authorityFile, ...shown],
  );
  assert.deepEqual([good.status, good.stderr], [0, ""]);
  await sub.message();
  const { status, stderr } = await runProgram("pub", url, "-m", "x", ...shown);
  assert.equal(status, 1);
  assert.match(stderr, /its certificate was signed by no authority .*--cafile/);
});
