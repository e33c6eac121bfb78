// Who plays in a crash test, and what each of them does.

import { payloadText } from "../support/clients/read_packets.ts";
import { PINGREQ, subscribe } from "../support/clients/write_packets.ts";
import { Device, type DeviceOptions } from "./device.ts";
import type { Random } from "./random.ts";
import type { Stage } from "./stage.ts";
import type { Sent } from "./verdict.ts";

/** Messages of a publisher that it has under way at most. */
const WINDOW = 20;
/** Messages that a publisher sends in one round, at most. */
const MESSAGES = 150;
/** Where messages go: `x/` is what one subscriber comes to and leaves again and again, `s/` is shared by some. */
const TOPICS = ["t/a", "t/b", "x/0", "x/1", "x/2", "s/a", "s/b"];
const CHANGING = TOPICS.filter((topic) => topic.startsWith("x/"));
/** What the members of a shared group subscribe to. */
const SHARED = "$share/crew/s/+";
/** Where messages are retained: the unseen ones are published to nobody. */
const RETAINED = ["r/seen/0", "r/seen/1", "r/unseen/0", "r/unseen/1"];

/** All clients of a run. */
export class Cast {
  readonly #stage: Stage;
  readonly #publishers: readonly Device[];
  readonly #forgetful: Device;
  readonly #retainer: Device;
  readonly #subscribers: readonly Device[];
  readonly #slow: Device;
  readonly #sleeper: Device;
  readonly #changer: Device;
  readonly #members: readonly Device[];
  readonly #mourned: Device;
  /** The last will that the mourned one left with the broker. */
  #will: Sent | undefined;

  /** Casts all parts; nobody is there yet. */
  constructor(stage: Stage) {
    this.#stage = stage;
    const cast = (
      clientId: string,
      options: Omit<DeviceOptions, "clientId"> = {},
    ) => new Device(stage, { clientId, ...options });
    this.#publishers = [cast("qos1", { version: 4 }), cast("qos2")];
    this.#forgetful = cast("forgetful", { clean: true });
    this.#retainer = cast("retainer");
    this.#mourned = cast("mourned");
    const all = ["t/+", "will/+", "end"];
    this.#slow = cast("slow", {
      qos: 2,
      filters: ["t/a", "end"],
      receiveMaximum: 8,
      keepsBack: 6,
    });
    this.#sleeper = cast("sleeper", {
      version: 4,
      qos: 1,
      filters: ["t/+", "end"],
    });
    stage.model.group(SHARED, 2);
    const member = { qos: 2, filters: [SHARED] } as const;
    this.#members = [
      cast("member 1", member),
      cast("member 2", { ...member, receiveMaximum: 8, keepsBack: 6 }),
      cast("member 3", { ...member, version: 4 }),
    ];
    this.#changer = cast("changer", { qos: 2, filters: ["end"] });
    this.#subscribers = [
      cast("once", { qos: 1, filters: all }),
      cast("twice", { qos: 2, filters: all }),
      cast("wild", { qos: 2, filters: [...all, "x/#", "r/seen/+"] }),
      this.#slow,
      this.#sleeper,
      this.#changer,
      ...this.#members,
    ];
  }

  /** All do their part until the program is killed. */
  async round(random: Random): Promise<void> {
    const round = (name: string) => random.of(name);
    await allEnd([
      ...[...this.#publishers, this.#forgetful].map((device) =>
        this.#publish(device, round(device.clientId))
      ),
      this.#retain(round("retainer")),
      ...this.#subscribers.map((device) =>
        this.#subscribe(device, round(device.clientId))
      ),
      this.#change(round("changes")),
      this.#mourn(round("mourned")),
      ...["1", "2", "3"].map((n) => this.#die(n, round(`mortal ${n}`))),
      this.#read(round("reader")),
    ]);
  }

  /** Is there again and again as long as the program is up; may leave once without a word. */
  async #attend(device: Device, random: Random): Promise<void> {
    let packets = random.oneIn(4) ? 1 + random.below(100) : Infinity;
    while (await device.connect()) {
      await device.serve(packets);
      packets = Infinity;
    }
  }

  async #publish(device: Device, random: Random): Promise<void> {
    const attending = this.#attend(device, random.of("attend"));
    const qos = device.clientId === "qos2" ? 2 : 1;
    for (let left = MESSAGES; left > 0 && this.#stage.up;) {
      if (!device.online || device.underWay >= WINDOW) {
        await this.#stage.after(1);
        continue;
      }
      if (device === this.#forgetful && random.oneIn(5)) retain(device, random);
      else device.publish(random.pick(TOPICS), padding(random), { qos });
      left--;
    }
    await attending;
  }

  async #retain(random: Random): Promise<void> {
    const device = this.#retainer;
    const attending = this.#attend(device, random.of("attend"));
    while (await this.#stage.after(1 + random.below(8))) {
      if (device.online && device.underWay < WINDOW) retain(device, random);
    }
    await attending;
  }

  async #subscribe(device: Device, random: Random): Promise<void> {
    const isSleepy = device === this.#sleeper || this.#members.includes(device);
    if (isSleepy && random.oneIn(2)) return;
    await this.#attend(device, random);
  }

  async #change(random: Random): Promise<void> {
    const { clientId } = this.#changer;
    while (await this.#stage.after(1 + random.below(30))) {
      const filter = random.pick(CHANGING);
      if (!this.#changer.online) continue;
      const on = this.#stage.model.subscriptions(clientId)
        .every((change) => change.filter !== filter);
      this.#changer.change(filter, on);
    }
  }

  /** Comes with a will, which is retained, and is lost once or until the kill. */
  async #mourn(random: Random): Promise<void> {
    const { model } = this.#stage;
    const settle = () => this.#will && model.owe(this.#will);
    for (;;) {
      const topic = "will/kept";
      const will = model.send({
        publisher: this.#mourned.clientId,
        topic,
        payload: "will",
        qos: 2,
        retain: true,
      });
      const { payload, qos, retain } = will;
      if (!await this.#mourned.connect({ topic, payload, qos, retain })) break;
      settle();
      this.#will = will;
      const serving = this.#mourned.serve();
      if (!random.oneIn(2)) await this.#stage.after(Infinity);
      else if (await this.#stage.after(1 + random.below(100))) {
        await this.#mourned.leave();
      }
      await serving;
    }
    settle();
  }

  /** Comes with a will and no session to be kept, and goes in one way or another. */
  async #die(name: string, random: Random): Promise<void> {
    const { model } = this.#stage;
    const clientId = `mortal${name}-${random.below(2 ** 32).toString(36)}`;
    const version = random.pick([4, 5] as const);
    const device = new Device(this.#stage, { clientId, clean: true, version });
    if (!await this.#stage.after(1 + random.below(60))) return;
    const topic = "will/lost";
    const message = { topic, payload: "will", qos: 2, retain: false } as const;
    const will = model.send({ publisher: clientId, ...message });
    const { payload, qos } = will;
    if (!await device.connect({ topic, payload, qos })) return;
    const serving = device.serve();
    const goes = random.pick(["killed", "lost", "leaves", "leaves badly"]);
    const after = goes === "killed" ? Infinity : 1 + random.below(60);
    if (!await this.#stage.after(after)) model.owe(will);
    else if (goes === "lost" || version === 4) {
      model.owe(will);
      await device.leave();
    } else if (goes === "leaves badly") {
      model.owe(will);
      await device.leave(0x04);
    } else await device.leave(0);
    await serving;
  }

  /** Looks at what is retained, now and then. */
  async #read(random: Random): Promise<void> {
    while (await this.#stage.after(1 + random.below(200))) {
      await this.readRetained();
    }
  }

  /** Looks at what is retained now. */
  async readRetained(): Promise<void> {
    const { model } = this.#stage;
    const client = await this.#stage.open(5);
    if (client === undefined) return;
    const { moment } = model;
    const filters = [{ filter: "r/#" }, { filter: "will/+" }];
    await client.sendConnect({ clientId: "reader" });
    await client.sendRaw(subscribe(5, 1, filters));
    await client.sendRaw(PINGREQ);
    const found = new Map<string, string>();
    for (;;) {
      const packet = await client.receiveOrEnd();
      if (packet?.type === "publish" && packet.retain) {
        found.set(packet.topic, payloadText(packet));
      } else if (packet?.type === "pingresp") {
        model.checkRetained(moment, found);
        break;
      } else if (packet === undefined || packet.type === "disconnect") {
        this.#stage.ended("reader", packet);
        break;
      }
    }
    await client.close();
  }

  /** All come to an end with what they have begun, and get what is left for them. */
  async drain(): Promise<void> {
    const { model } = this.#stage;
    const publishers = [...this.#publishers, this.#retainer, this.#changer];
    const all = [...this.#publishers, this.#retainer, ...this.#subscribers];
    const serving = await this.#enter(all);
    for (const device of this.#subscribers) device.catchUp();
    for (const device of publishers) {
      await device.until(() => device.pending === 0);
    }
    const closer = new Device(this.#stage, { clientId: "closer", clean: true });
    serving.push(...await this.#enter([closer]));
    closer.publish("end", "end", { qos: 2 });
    await closer.until(() => closer.pending === 0);
    model.settle();
    while (
      model.missing(SHARED) > 0 && this.#members.every(({ online }) => online)
    ) await Promise.race(this.#members.map(({ changed }) => changed));
    for (const device of this.#subscribers) {
      const { clientId } = device;
      await device.until(() =>
        model.missing(clientId) === 0 && device.pending === 0
      );
    }
    await this.readRetained();
    await allEnd([...all, closer].map((device) => device.leave(0)));
    await allEnd(serving);
  }

  /** After all has been drained there is nothing left for anybody. */
  async afterwards(): Promise<void> {
    this.#stage.model.close();
    const all = [...this.#publishers, this.#retainer, ...this.#subscribers];
    const serving = await this.#enter(all);
    for (const device of this.#subscribers) {
      device.change("never/subscribed", false);
      await device.until(() => device.pending === 0);
    }
    await this.readRetained();
    await allEnd(all.map((device) => device.leave(0)));
    await allEnd(serving);
  }

  async #enter(devices: readonly Device[]): Promise<Promise<void>[]> {
    const serving: Promise<void>[] = [];
    for (const device of devices) {
      if (await device.connect()) serving.push(device.serve());
    }
    return serving;
  }
}

/** Returns when all have ended, or throws what the first of them threw, but only then. */
async function allEnd(parts: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(parts)) {
    if (result.status === "rejected") throw result.reason;
  }
}

/** Sets a retained message, or removes it. */
function retain(device: Device, random: Random): void {
  const payload = random.oneIn(2) ? "" : "retained";
  device.publish(random.pick(RETAINED), payload, { qos: 1, retain: true });
}

/** Most messages are short, a few long, and one in a hundred is passed on by reference. */
function padding(random: Random): string {
  const most = random.oneIn(100) ? 50_000 : random.oneIn(20) ? 5_000 : 100;
  return "x".repeat(1 + random.below(most));
}
