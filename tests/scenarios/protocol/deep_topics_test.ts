/** Topics with as many levels as fit in their length. */

import assert from "node:assert/strict";
import { parseRuleFile } from "../../../src/auth/rules/file.ts";
import { RuleSet } from "../../../src/auth/rules/set.ts";
import { TestBroker } from "../../support/programs/broker.ts";
import {
  VERSION_NAMES,
  VERSIONS,
} from "../../support/clients/write_packets.ts";

/** 32,768 levels in 65,535 bytes. */
const DEEP = "a/".repeat(32_767) + "a";
/** 65,536 levels. */
const SLASHES = "/".repeat(65_535);
/** What matches DEEP with a wildcard in each second level. */
const EACH_SECOND = "a/+/".repeat(16_383) + "a/+";

const RULES = new TextEncoder().encode(
  "topic readwrite a/#\ntopic readwrite /#\ntopic deny a/a/secret/#\n",
);

for (const version of VERSIONS) {
  Deno.test(`deep topics ${VERSION_NAMES[version]}: they are published, matched, retained and a will's like any other`, async () => {
    const rights = new RuleSet(parseRuleFile(RULES, "acl"));
    await using broker = await TestBroker.start({ rights });
    const subscriber = await broker.connect({ version });
    for (const filter of [DEEP, EACH_SECOND, "#", "a/a/+/#", SLASHES]) {
      await subscriber.subscribe(filter, { qos: 1 });
    }
    for (const topic of [DEEP, SLASHES]) {
      const client = await broker.connect({
        version,
        will: { topic, qos: 1, payload: "will" },
      });
      await client.publish(topic, "x", { qos: 1, retain: true });
      assert.equal((await subscriber.message()).topic, topic);
      const late = await broker.connect({ version });
      for (const filter of [topic, `${topic.slice(0, 40_000)}#`]) {
        await late.subscribe(filter);
        const message = await late.message();
        assert.equal(message.topic, topic);
        assert.equal(message.retain, true);
      }
      await client.close();
      assert.equal((await subscriber.message()).topic, topic);
    }
    await subscriber.unsubscribe(EACH_SECOND);
    await subscriber.expectNothing();
  });
}
