import type { ClientError } from "../../client/client_error.ts";
import { type ClientHost, MqttClient } from "../../client/mqtt_client.ts";
import { reasonWords } from "../../client/reason_words.ts";
import type { Connack, ProtocolVersion } from "../../codec/packet.ts";
import type { Properties } from "../../codec/properties.ts";
import type { PublishContents } from "../../codec/decode/publish_contents.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import { EXIT, StartError, toError } from "../../core/errors.ts";
import { matches } from "../../router/topics/filter.ts";
import { type GivenClient, readClient } from "./options.ts";
import { ClientReport } from "./report.ts";
import type { ParsedFlags } from "../../terminal/flags.ts";
import { endSignals } from "../../daemon/signals.ts";
import { SUB_FLAGS } from "./sub_flags.ts";
import { readSubOptions, type SubOptions } from "./sub_options.ts";
import { SubOutput } from "./sub_output.ts";
import { parseWordFlags } from "../../terminal/word_flags.ts";

/** The exit status after the time that `-W` gives, the same as mosquitto_sub's. */
const TIMED_OUT = 27;

/** The command `sub`. */
export async function sub(args: readonly string[]): Promise<number> {
  const parsed = parseWordFlags(args, SUB_FLAGS, 1);
  const report = new ClientReport(parsed.switches.has("quiet"));
  return await report.run(async () => {
    const given = await readClient(parsed, "sub");
    const version = given.options.connect.protocolVersion;
    const options = readSubOptions(parsed, given.topic, version);
    using output = SubOutput.open(parsed);
    const reader = new Reader({ given, options, parsed, report, output });
    return await reader.run();
  });
}

interface ReaderParts {
  readonly given: GivenClient;
  readonly options: SubOptions;
  readonly parsed: ParsedFlags;
  readonly report: ClientReport;
  readonly output: SubOutput;
}

/** Subscribes and shows what comes, until it is enough. */
class Reader implements ClientHost {
  readonly #parts: ReaderParts;
  readonly #switches: ReadonlySet<string>;
  readonly #version: ProtocolVersion;
  /** Resolves to the exit status when it is enough. */
  readonly #enough = Promise.withResolvers<number>();
  #client: MqttClient | undefined;
  #left: number;
  /** Retained messages that are being removed. */
  readonly #removals: Promise<unknown>[] = [];

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#switches = parts.parsed.switches;
    this.#version = parts.given.options.connect.protocolVersion;
    this.#left = parts.options.count;
  }

  async run(): Promise<number> {
    const { given, options } = this.#parts;
    const { timeout } = options;
    const timer = timeout === undefined ? undefined : setTimeout(() => {
      this.#parts.report.tell(
        `Timed out after ${timeout} ${timeout === 1 ? "second" : "seconds"}`,
      );
      this.#end(TIMED_OUT);
    }, timeout * 1000);
    const { first, second } = endSignals();
    void first.then(() => this.#end(EXIT.ok));
    void second.then(() => Deno.exit(EXIT.ok));
    try {
      const connecting = this.#connect();
      // After a signal or in time, nobody waits for a broker that does not answer.
      const status = await Promise.race([this.#enough.promise, connecting]) ??
        await this.#enough.promise;
      this.#client?.takeNoMore();
      const removed = Promise.all(this.#removals);
      await Promise.race([removed, this.#client?.finished]);
      await this.#client?.disconnect({
        properties: given.properties.disconnect,
      });
      return status;
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(): Promise<undefined> {
    const client = await MqttClient.connect(this.#parts.given.options, this);
    void client.finished.then((error) => {
      if (error !== undefined) this.#enough.reject(error);
    });
  }

  /** Connected, for the first time or once more and the broker has forgotten what was subscribed to: subscribes. */
  connected(connack: Connack, client: MqttClient): void {
    this.#parts.report.connected();
    const isFirst = this.#client === undefined;
    this.#client = client;
    if (isFirst || !connack.sessionPresent) this.#subscribe(client);
  }

  lost(error: ClientError, delay: number): void {
    this.#parts.report.lost(error, delay);
  }

  message(message: PublishContents): void {
    const { options, output, report } = this.#parts;
    const { topic, retain, payload } = message;
    if (this.#left === 0) return;
    if (!retain && this.#switches.has("retained-only")) {
      return this.#end(EXIT.ok);
    }
    if (retain && this.#switches.has("no-retained")) return;
    if (options.filtersOut.some((filter) => matches(filter, topic))) return;
    if (retain && payload.length > 0 && this.#switches.has("remove-retained")) {
      this.#remove(topic);
    }
    if (options.share < 1 && Math.random() >= options.share) return;
    const fault = output.add(message);
    if (fault !== undefined) {
      report.tell(
        `Cannot show a message on ${JSON.stringify(topic)}: ${fault}`,
      );
    }
    if (--this.#left === 0) this.#end(EXIT.ok);
  }

  async batched(): Promise<void> {
    try {
      await this.#parts.output.flush();
    } catch (error) {
      // Whoever reads has enough, as in `| head`.
      if (error instanceof Deno.errors.BrokenPipe) return this.#end(EXIT.ok);
      this.#enough.reject(
        new StartError(`Cannot write what comes: ${toError(error).message}`),
      );
    }
  }

  #end(status: number): void {
    this.#left = 0;
    this.#client?.takeNoMore();
    this.#enough.resolve(status);
  }

  #subscribe(client: MqttClient): void {
    this.#ask(client).then((isDone) => {
      if (isDone) this.#end(EXIT.ok);
    }, (error) => {
      // Where the connection is lost, it is asked for again.
      if (error instanceof StartError && error.name === "StartError") {
        this.#enough.reject(error);
      }
    });
  }

  /** Subscribes and unsubscribes. Returns whether that was all. */
  async #ask(client: MqttClient): Promise<boolean> {
    const { given, options } = this.#parts;
    const { filters, unsubscribe } = options;
    const { properties } = given;
    if (filters.length > 0) {
      const asked = client.subscribe(filters, properties.subscribe);
      const { reasonCodes, properties: words } = await asked;
      this.#judge(reasonCodes, words);
    }
    if (unsubscribe.length > 0) {
      await client.unsubscribe(unsubscribe, properties.unsubscribe);
    }
    return this.#switches.has("exit-after-subscribe");
  }

  /** Tells which subscriptions were refused; throws if all were. */
  #judge(codes: readonly ReasonCode[], properties: Properties): void {
    const { filters } = this.#parts.options;
    const refused = filters.flatMap(({ filter }, index) => {
      const code = codes[index] ?? ReasonCode.UnspecifiedError;
      if (code < 0x80) return [];
      const words = reasonWords(code, properties, this.#version);
      return [`Cannot subscribe to ${JSON.stringify(filter)}: ${words}`];
    });
    if (refused.length === filters.length) {
      throw new StartError(refused.join("\n"));
    }
    for (const sentence of refused) this.#parts.report.tell(sentence);
  }

  #remove(topic: string): void {
    const removal = Promise.withResolvers<unknown>();
    this.#removals.push(removal.promise);
    const payload = new Uint8Array(0);
    this.#client?.publish(
      { topic, payload, qos: 1, retain: true },
      removal.resolve,
    );
  }
}
