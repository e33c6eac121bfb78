import { type Peer, TestRouter, type TestRouterOptions } from "./router.ts";

/** The group of all members. */
export const GROUP = "$share/g/a";

/** A Router and one publisher. */
export async function setUp(options: TestRouterOptions = {}) {
  const router = new TestRouter(options);
  const publisher = await router.connect();
  const member = async (
    qos = 2,
    options: Parameters<TestRouter["connect"]>[0] = {},
  ): Promise<Peer> => {
    const peer = await router.connect(options);
    await peer.subscribe(GROUP, { qos });
    return peer;
  };
  const send = async (qos: number, ...payloads: (string | number)[]) => {
    for (const payload of payloads) {
      await publisher.publish("a", String(payload), { qos });
    }
    await router.settle();
    publisher.take();
  };
  return { router, publisher, member, send };
}
