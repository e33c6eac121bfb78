import { ClientError } from "../../client/client_error.ts";
import { MqttClient } from "../../client/mqtt_client.ts";
import type { OutgoingMessage, PublishOutcome } from "../../client/outbound.ts";
import { reasonWords } from "../../client/reason_words.ts";
import { ReasonCode } from "../../codec/reason_code.ts";
import { EXIT, StartError } from "../../core/errors.ts";
import { isValidTopicName } from "../../router/topics/filter.ts";
import { readClient, readNumber, readQos, readSeconds } from "./options.ts";
import { ClientReport } from "./report.ts";
import {
  badValue,
  type ParsedFlags,
  usageError,
} from "../../terminal/flags.ts";
import { PUB_FLAGS } from "./pub_flags.ts";
import { type Payloads, readPayloads } from "./pub_payloads.ts";
import { parseWordFlags } from "../../terminal/word_flags.ts";

/** The command `pub`. */
export async function pub(args: readonly string[]): Promise<number> {
  const parsed = parseWordFlags(args, PUB_FLAGS, 1);
  const report = new ClientReport(parsed.switches.has("quiet"));
  return await report.run(async () => {
    const { options, topic: inUrl, properties } = await readClient(
      parsed,
      "pub",
    );
    const topic = readTopic(parsed, inUrl, properties.publish.topicAlias);
    const payloads = readPayloads(parsed);
    const qos = readQos(parsed, "qos");
    const repetition = readRepetition(parsed);
    const publication = new Publication(options.connect.protocolVersion, topic);
    const client = await MqttClient.connect(options, report);
    const publish = publishAll(
      client,
      payloads,
      {
        topic,
        qos,
        retain: parsed.switches.has("retain"),
        properties: properties.publish,
      },
      publication,
      repetition,
    );
    const ended = client.finished.then((error) => {
      if (error !== undefined) throw error;
    });
    await Promise.race([publish, ended]);
    await Promise.race([publication.finished(), ended]);
    const isComplete = await client.disconnect({
      properties: properties.disconnect,
    });
    if (qos === 0 && !isComplete) {
      throw new ClientError(
        "Cannot tell whether all was published: the connection was lost. With -q 1 it would be known",
      );
    }
    publication.judge();
    return EXIT.ok;
  });
}

function readTopic(
  { values }: ParsedFlags,
  inUrl: string | undefined,
  alias = 0,
): string {
  const given = values.get("topic")?.[0];
  if (given !== undefined && inUrl !== undefined) {
    throw usageError("Give one topic, with -t or in the URL");
  }
  const topic = given ?? inUrl ?? (alias > 0 ? "" : undefined);
  if (topic === undefined) {
    throw usageError(
      "Name the topic: mailboxqtt pub -t TOPIC -m TEXT, for example mailboxqtt pub -t test -m hello",
    );
  }
  if (topic !== "" && !isValidTopicName(topic)) {
    throw badValue("topic", topic, "a topic to publish to has no + and #");
  }
  return topic;
}

interface Repetition {
  readonly count: number;
  /** Milliseconds between one and the next. */
  readonly delay: number;
}

function readRepetition(parsed: ParsedFlags): Repetition {
  const count = readNumber(parsed, "repeat", 1, 2 ** 31 - 1) ?? 1;
  const seconds = readSeconds(parsed, "repeat-delay") ?? 0;
  if (count > 1 && parsed.switches.has("stdin-line")) {
    throw usageError("Flag --repeat does not go with -l");
  }
  return { count, delay: seconds * 1000 };
}

async function publishAll(
  client: MqttClient,
  payloads: Payloads,
  message: Omit<OutgoingMessage, "payload">,
  publication: Publication,
  { count, delay }: Repetition,
): Promise<void> {
  let isFirst = true;
  for await (const payload of payloads) {
    for (let left = count; left > 0; left--) {
      if (!isFirst && delay > 0) {
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
      isFirst = false;
      publication.begin();
      client.publish(
        { ...message, payload },
        (outcome) => publication.end(outcome),
      );
      await client.room();
    }
  }
  publication.isWhole = true;
}

/** What became of all messages. */
class Publication {
  /** Whether no more messages come. */
  isWhole = false;
  readonly #version: 3 | 4 | 5;
  readonly #topic: string;
  #open = 0;
  #refused = 0;
  #refusal: PublishOutcome | undefined;
  #all = Promise.withResolvers<void>();

  constructor(version: 3 | 4 | 5, topic: string) {
    this.#version = version;
    this.#topic = topic;
  }

  begin(): void {
    this.#open++;
  }

  end(outcome: PublishOutcome): void {
    this.#open--;
    if (outcome.reasonCode >= ReasonCode.UnspecifiedError) {
      this.#refused++;
      this.#refusal ??= outcome;
    }
    if (this.#open === 0) this.#all.resolve();
  }

  /** Resolves once nothing is under way. */
  async finished(): Promise<void> {
    while (this.#open > 0) {
      this.#all = Promise.withResolvers();
      await this.#all.promise;
    }
  }

  /** Throws if messages were refused. */
  judge(): void {
    if (this.#refusal === undefined) return;
    const { reasonCode, properties } = this.#refusal;
    const what = this.#refused === 1 ? "" : ` ${this.#refused} messages`;
    throw new StartError(
      `Cannot publish${what} to ${JSON.stringify(this.#topic)}: ${
        reasonWords(reasonCode, properties, this.#version)
      }`,
    );
  }
}
