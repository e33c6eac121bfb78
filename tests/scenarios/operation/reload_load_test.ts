/** Reloads while clients publish: who may stay does, and no message gets through that the rules in force forbid. */

import assert from "node:assert/strict";
import { askBroker } from "../../../src/admin/ask_broker.ts";
import { StartError } from "../../../src/core/errors.ts";
import { BOB } from "../../support/clients/applicant.ts";
import { until } from "../../support/programs/broker.ts";
import { text } from "../../support/bytes.ts";
import {
  type CertificateFiles,
  Certificates,
} from "../../support/programs/certificates.ts";
import { type Address, Client } from "../../support/clients/client.ts";
import { ConfigFolder } from "../../support/programs/config_folder.ts";
import { MqttJs } from "../../support/clients/mqtt_js.ts";
import { Program, testNeedingDeno29 } from "../../support/programs/program.ts";
import type { ReceivedPublish } from "../../support/clients/read_packets.ts";
import { FIGURES, LONG } from "../../support/sizes.ts";

/** Clients that stay connected. */
const CLIENTS = LONG ? 1000 : 200;
/** Reloads, two for each set of guests. */
const RELOADS = LONG ? 100 : 20;
/** Of so many clients one subscribes, and the others publish to it. */
const GROUP = 20;
/** The reload after which SIGHUP is tried, in place of the control socket. */
const BY_SIGNAL = 3;
/** Which topics a message goes to: those of the writers' rules, or those of the readers'. */
const AREAS = ["written", "read"] as const;
/** What is published, by what the number of the rules in force is more than its own. */
const AHEAD = [0, -1, 0, 1] as const;

const CONFIG = `
users = "users"
rules = "rules"
control = "control.sock"
data = "none"
[[listener]]
url = "mqtt://127.0.0.1:0"
[[listener]]
url = "mqtts://127.0.0.1:0"
certificate = "server.crt"
key = "server.key"
`;

/**
 * Rules with a number: writers may write `written/…/NUMBER` alone, and anything below `read`, of which readers may
 * read `read/…/NUMBER` alone.
 */
function rules(number: number): string {
  return `
user writer
topic write written/+/${number}
topic write read/#
user reader
topic read written/#
topic read read/+/${number}
`;
}

/** A line of the password file, with the password `secret` or, if it is to be another one, nobody knows which. */
function user(name: string, isOther = false): string {
  const line = BOB.replace("bob", name);
  return isOther ? line.replace("$6$zG", "$6$zH") : line;
}

/** What all clients must know of the rules. */
interface State {
  /** Those that were in force last, by the broker's answer. */
  inForce: number;
  /** Those that are in force at the latest, since they were asked for: another number only while a reload is under way. */
  asked: number;
  /** Writers go on once it has resolved. */
  goOn: Promise<void>;
  /** Whether clients are to stop. */
  over: boolean;
  /** Messages that got through though they may not, or did not though they must. */
  readonly faults: string[];
  /** Rounds of all writers. */
  rounds: number;
  /** Messages that were let through, and not. */
  allowed: number;
  denied: number;
}

/** What the readers of a group must receive, and did. */
interface Group {
  readonly name: number;
  readonly owed: Set<string>;
}

/** Publishes until it is over, with QoS 0 and 1 by turns, what the rules allow and what they do not. */
async function write(
  client: Client,
  name: number,
  group: Group,
  state: State,
): Promise<void> {
  let count = 0;
  /** What went out at QoS 0, and is known to have been judged at the next acknowledgement. */
  let before: { number: number; sent: number; payload: string } | undefined;
  for (; !state.over; state.rounds++) {
    await state.goOn;
    for (const qos of [0, 1] as const) {
      const area = AREAS[(count >> 1) % 2]!;
      const sent = state.inForce;
      const number = sent + AHEAD[(count >> 2) % AHEAD.length]!;
      const topic = `${area}/${group.name}/${number}`;
      const payload = `${sent} ${name} ${count++}`;
      if (qos === 0) {
        await client.sendPublish(topic, payload);
        before = { number, sent, payload };
        continue;
      }
      const code = await client.publish(topic, payload, { qos });
      const { asked } = state;
      const isFree = area === "read";
      const may = isFree || (number >= sent && number <= asked);
      const must = isFree || (number === sent && number === asked);
      if (code < 0x80 ? !may : must || code !== 0x87) {
        state.faults.push(`${topic} was answered with ${code}, ${asked}`);
      }
      if (code < 0x80) state.allowed++;
      else state.denied++;
      // A reload that began meanwhile may have been first.
      for (const one of [before!, { number, sent, payload }]) {
        if (one.number === one.sent && one.sent === asked) {
          group.owed.add(one.payload);
        }
      }
    }
  }
}

/** Takes what a group's writers publish, until the connection ends; asserts nothing that it may not be sent. */
async function read(
  client: Client,
  received: Set<string>,
  state: State,
): Promise<void> {
  for (;;) {
    const packet = await client.receiveOrEnd();
    if (packet === undefined) return;
    if (packet.type !== "publish") {
      state.faults.push(`A reader was sent ${packet.type}`);
      continue;
    }
    judge(packet, received, state);
    await client.acknowledge(packet);
  }
}

function judge(
  { topic, payload }: ReceivedPublish,
  received: Set<string>,
  state: State,
): void {
  const number = Number(topic.split("/")[2]);
  const sent = Number(text(payload).split(" ")[0]);
  // It was published when `sent` were in force already, and it is here before any after `asked` are.
  if (number < sent || number > state.asked) {
    state.faults.push(`${topic} got through: ${sent} to ${state.asked}`);
  }
  received.add(text(payload));
}

/** Certificates of two authorities, of which one is in force by turns. */
class TwoAuthorities implements Disposable {
  readonly #made: readonly Certificates[];
  readonly #servers: readonly CertificateFiles[];

  private constructor(
    made: readonly Certificates[],
    servers: readonly CertificateFiles[],
  ) {
    this.#made = made;
    this.#servers = servers;
  }

  static async make(): Promise<TwoAuthorities> {
    const made = [await Certificates.make(), await Certificates.make()];
    const servers = await Promise.all(made.map((one) => one.server()));
    return new TwoAuthorities(made, servers);
  }

  /** What a client trusts who is to be let in by the certificate of this number alone. */
  authority(number: number): string {
    return this.#made[number % 2]!.authorityPem;
  }

  /** Has a folder hold the certificate of this number, with its key or another's. */
  async write(
    folder: ConfigFolder,
    number: number,
    key: number = number,
  ): Promise<void> {
    const { certificate } = this.#servers[number % 2]!;
    await Deno.copyFile(certificate, folder.file("server.crt"));
    await Deno.copyFile(
      this.#servers[key % 2]!.key,
      folder.file("server.key"),
    );
  }

  [Symbol.dispose](): void {
    for (const one of this.#made) one[Symbol.dispose]();
  }
}

/** The program whose configuration is exchanged again and again. */
class Stage {
  readonly state: State = {
    inForce: 1,
    asked: 1,
    goOn: Promise.resolve(),
    over: false,
    faults: [],
    rounds: 0,
    allowed: 0,
    denied: 0,
  };
  readonly #folder: ConfigFolder;
  readonly #authorities: TwoAuthorities;
  readonly #program: Program;

  constructor(
    folder: ConfigFolder,
    authorities: TwoAuthorities,
    program: Program,
  ) {
    this.#folder = folder;
    this.#authorities = authorities;
    this.#program = program;
  }

  /** All that a reload reads but certificates; these are the guests among the users. */
  static async write(
    folder: ConfigFolder,
    number: number,
    guests: readonly string[],
  ): Promise<void> {
    await folder.write("mailboxqtt.toml", CONFIG);
    await folder.write("rules", rules(number));
    const users = [user("writer"), user("reader"), ...guests];
    await folder.write("users", users.join("\n") + "\n");
  }

  /** Has other rules and guests hold, and returns when they do. */
  async change(guests: readonly string[]): Promise<void> {
    const { state } = this;
    await Stage.write(this.#folder, state.inForce + 1, guests);
    await this.#authorities.write(this.#folder, state.inForce + 1);
    state.asked = state.inForce + 1;
    if (state.asked === BY_SIGNAL) await this.#signal();
    else await this.#ask();
    state.inForce = state.asked;
  }

  /** Tries to have other rules hold together with something faulty: nothing of it must. */
  async fail(guests: readonly string[], number: number): Promise<void> {
    const next = this.state.inForce + 1;
    // Not with good certificates: the next look at the files would take them up.
    await Stage.write(this.#folder, next, guests);
    if (number % 3 === 0) {
      await this.#authorities.write(this.#folder, next, next + 1);
    } else if (number % 3 === 1) {
      await this.#folder.write("rules", `${rules(next)}topic raed x\n`);
    } else {
      await this.#folder.write("mailboxqtt.toml", `${CONFIG}\nunknown = 1\n`);
    }
    await assert.rejects(this.#ask(), StartError);
  }

  async #ask(): Promise<void> {
    await askBroker(this.#folder.file("control.sock"), { command: "reload" });
  }

  async #signal(): Promise<void> {
    const { lines } = this.#program;
    const before = lines.length;
    const told = () =>
      lines.slice(before).some((line) => /loaded anew/.test(line));
    this.#program.signal("SIGHUP");
    await until("it has been reloaded", told);
  }
}

testNeedingDeno29(
  "reload: under load, no client is lost that may stay, and nothing gets through that may not",
  async () => {
    using authorities = await TwoAuthorities.make();
    await using folder = await ConfigFolder.make();
    await Stage.write(folder, 1, []);
    await authorities.write(folder, 1);
    await using program = new Program("--config", folder.config);
    const address: Address = {
      hostname: "127.0.0.1",
      port: await program.port(),
    };
    const [, securePort] = await program.line(/Listening.*mqtts:[^ "]*:(\d+)/);
    const stage = new Stage(folder, authorities, program);
    const { state } = stage;
    const connect = (username: string) =>
      Client.connect(address, { username, password: "secret", keepAlive: 0 });
    /** Lets itself in by the certificate that is to be in force. */
    const connectSecurely = () =>
      MqttJs.connect(`mqtts://127.0.0.1:${securePort}`, {
        ca: authorities.authority(state.inForce),
        username: "writer",
        password: "secret",
      });

    const groups: Group[] = [];
    const received = new Set<string>();
    const readers: Client[] = [];
    const writers: { client: Client; group: Group }[] = [];
    for (let name = 0; name < CLIENTS / GROUP; name++) {
      const group = { name, owed: new Set<string>() };
      groups.push(group);
      const reader = await connect("reader");
      await reader.subscribe(
        AREAS.map((area) => ({ filter: `${area}/${name}/#`, qos: 1 })),
      );
      readers.push(reader);
      for (let at = 1; at < GROUP; at++) {
        writers.push({ client: await connect("writer"), group });
      }
    }
    const reading = readers.map((client) => read(client, received, state));
    const writing = writers.map(({ client, group }, name) =>
      write(client, name, group, state)
    );
    // A client that is lost ends the test at once.
    const lost = Promise.all(writing).then(() => assert.ok(state.over));

    await using secure = await connectSecurely();
    /** Whoever came in before an exchange stays, and whoever comes sees the certificate that is in force. */
    const talkSecurely = async () => {
      // MQTT.js would hardly get a word in.
      const { promise, resolve } = Promise.withResolvers<void>();
      state.goOn = promise;
      await using other = await connectSecurely();
      for (const client of [secure, other]) {
        await client.publish("read/securely", "here", { qos: 1 });
      }
      resolve();
    };

    const run = async () => {
      for (let number = 0; number < RELOADS / 2; number++) {
        // Its first guest is removed by the next reload, its second gets another password, its third stays until the end.
        const names = [0, 1, 2].map((at) => `guest-${number}-${at}`);
        const users = names.map((name) => user(name));
        await stage.change(users);
        const guests = await Promise.all(names.map(connect));
        await talkSecurely();
        if (number % 3 === 2) {
          await stage.fail([], (number - 2) / 3);
          await talkSecurely();
        }
        const { rounds } = state;
        await until(
          "all have published",
          () =>
            state.rounds >= rounds + writers.length || state.faults.length > 0,
        );
        await stage.change([user(names[1]!, true), users[2]!]);
        await talkSecurely();
        await guests[0]!.expectClosed(0x87);
        await guests[1]!.expectClosed(0x87);
        await guests[2]!.ping();
        await guests[2]!.disconnect();
      }
      state.over = true;
    };
    await Promise.all([lost, run()]);

    const owed = groups.flatMap((group) => [...group.owed]);
    await until(
      "all messages have come that must",
      () => owed.every((one) => received.has(one)) || state.faults.length > 0,
    );
    assert.deepEqual(state.faults.slice(0, 10), []);
    assert.ok(state.allowed > 0 && state.denied > 0);
    for (const { client } of writers) await client.ping();
    for (const { client } of writers) await client.disconnect();
    for (const client of readers) await client.disconnect();
    await Promise.all(reading);
    if (FIGURES) {
      const { rounds, allowed, denied } = state;
      const figures = { rounds, allowed, denied, owed: owed.length };
      await Deno.stderr.write(
        new TextEncoder().encode(`${JSON.stringify(figures)}\n`),
      );
    }
  },
);
