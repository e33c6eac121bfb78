import assert from "node:assert/strict";
import { EXIT, StartError } from "../core/errors.ts";
import { pub } from "./client/pub.ts";
import { sub } from "./client/sub.ts";

const WRONG: readonly (readonly [line: string, sentence: RegExp])[] = [
  ["pub -m x", /^Name the topic: mailboxqtt pub -t TOPIC -m TEXT/],
  ["pub -t t", /^Say what to publish: -m TEXT, -f FILE, -l/],
  ["pub -t t -m x -n", /^Give one of --message and --null-message/],
  ["pub -t a/# -m x", /--topic cannot be "a\/#": .* no \+ and #/],
  ["pub -t t -m", /^Flag -m \(--message\) needs a value/],
  ["pub -t t -t u -m x", /^Flag -t \(--topic\) is given more than once/],
  ["pub -t t -m x -q 3", /--qos cannot be "3": .* from 0 to 2/],
  ["pub -t t -m x --retian", /^Unknown flag --retian: did you mean --retain/],
  ["pub -t t -m x --retain=no", /^Flag --retain takes no value/],
  ["pub -t t -m x -rZ", /^Unknown flag -Z/],
  ["pub -t t -m x y z", /^Unknown argument "z"/],
  ["pub -t t -m x -D publish content-typ x", /did you mean content-type/],
  ["pub -t t -m x -D publish topic-alias 0", /from 1 to 65535/],
  ["pub -t t -m x -D publish response-topic ", /without \+ and #, and not/],
  ["pub -t t -m x -D publish response-topic a/#", /a topic without \+ and #/],
  ["pub -t t -m x -D puback reason-string x", /it is for connect, publish,/],
  ["pub http://host/t -m x", /^Cannot read the URL: it must begin with/],
  ["pub mqtt://u:geheim@host:0/t -m x", /^Cannot read the URL: the port/],
  ["pub mqtt://host/t -h other -m x", /^Flag --host does not go with a URL/],
  ["pub mqtt://host/t --cafile f -m x", /begin it with mqtts:\/\//],
  ["pub mqtt://host/t -t u -m x", /^Give one topic/],
  ["pub -t t -m x --key f", /^Flag --key needs the certificate beside it/],
  ["pub -t t -m x --will-qos 1", /^Flag --will-qos needs --will-topic/],
  ["pub -t t -m x -P x", /^Flag -P needs the user beside it/],
  ["pub -t t -l --repeat 2", /^Flag --repeat does not go with -l/],
  ["sub -h nowhere", /^Name what to subscribe to/],
  ["sub -t a/#/b", /--topic cannot be "a\/#\/b": # must be its last level/],
  ["sub -t t -T +a", /--filter-out cannot be "\+a"/],
  ["sub -t t -c", /^Flag -c needs the client identifier/],
  ["sub -t t -R --retained-only", /leave nothing to show/],
  ["sub -t t -F %k", /^Flag -F has no %k/],
  ["sub -t t -F @!", /^Flag -F has no @!/],
  ["sub -t t -F 100%", /^Flag -F has no %/],
  ["sub -t t -x 5 -V 4", /^Flag -x is for MQTT 5 alone/],
  ["sub -t t --no-local -V 4", /^Flag --no-local is for MQTT 5 alone/],
  ["sub -t t -V 6", /--protocol-version cannot be "6"/],
  ["sub -t t -W soon", /--timeout cannot be "soon"/],
];

Deno.test("pub and sub say how they are to be called", async () => {
  const commands: Readonly<Record<string, typeof pub>> = { pub, sub };
  for (const [line, sentence] of WRONG) {
    const [name, ...args] = line.split(" ");
    await assert.rejects(commands[name!]!(args), (error) => {
      assert.ok(error instanceof StartError, line);
      assert.match(error.message, sentence);
      assert.doesNotMatch(error.message, /geheim/);
      assert.equal(error.exitStatus, EXIT.usage, line);
      return true;
    });
  }
});
