// One PUBLISH as spans of OpenTelemetry: what is known of it, in the words of the semantic conventions for messaging.

import {
  type Attributes,
  type Context,
  createTraceState,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { PROTOCOL_NAMES } from "../../codec/packet.ts";
import { reasonName } from "../../codec/reason_code.ts";
import type {
  PublishTrace,
  TraceDelivery,
} from "../../router/delivery/tracer.ts";
import { hrTime } from "./hr_time.ts";
import type { ParentSpan } from "./trace_context.ts";

/** How a {@linkcode PublishTrace} becomes spans. */
export interface PublishSpansOptions {
  /** The program's version. */
  readonly version: string;
  /** The span in which the PUBLISH was sent, if that is known. */
  readonly parent: ParentSpan | undefined;
  /** The topic filter that was asked for, which then names the span in place of the topic: there are fewer of them. */
  readonly template: string | undefined;
  /** The wall clock's time, in milliseconds since the epoch, when `performance.now()` was 0. */
  readonly epoch: number;
}

/** Makes all spans of a publish, from its arrival to its last receiver, through the tracer provider that is registered. */
export function writeSpans(
  publishTrace: PublishTrace,
  options: PublishSpansOptions,
): void {
  new PublishSpans(publishTrace, options).write();
}

class PublishSpans {
  readonly #publishTrace: PublishTrace;
  readonly #options: PublishSpansOptions;

  constructor(publishTrace: PublishTrace, options: PublishSpansOptions) {
    this.#publishTrace = publishTrace;
    this.#options = options;
  }

  write(): void {
    const { submittedAt, begunAt, routedAt, endedAt } = this.#publishTrace;
    const root = this.#startRoot();
    const context = trace.setSpan(ROOT_CONTEXT, root);
    if (submittedAt !== undefined) {
      this.#start("accept", submittedAt, { context }).end(this.#time(begunAt));
    }
    const route = this.#start("route", begunAt, {
      context,
      attributes: this.#routeAttributes(),
    });
    for (const owner of this.#publishTrace.queued) {
      const at = this.#time(routedAt);
      route.addEvent("queued", { "messaging.client.id": owner }, at);
    }
    route.end(this.#time(routedAt));
    this.#writeStore(context);
    for (const delivery of this.#publishTrace.deliveries) {
      this.#writeDelivery(delivery, context);
    }
    root.end(this.#time(endedAt));
  }

  #startRoot(): Span {
    const { parent, template } = this.#options;
    const { topic, submittedAt, begunAt, reason } = this.#publishTrace;
    const span = this.#start(
      `publish ${template ?? topic}`,
      submittedAt ?? begunAt,
      {
        kind: SpanKind.SERVER,
        context: parent === undefined ? ROOT_CONTEXT : contextOf(parent),
        attributes: this.#rootAttributes(),
      },
    );
    if (reason >= 0x80) {
      const message = this.#publishTrace.detail ?? reasonName(reason);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    } else if (this.#isUncommitted) {
      const message = "It was not committed in time";
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    return span;
  }

  #rootAttributes(): Attributes {
    const { template } = this.#options;
    const publishTrace = this.#publishTrace;
    const { reason, detail, moreDeliveries, unfinished } = publishTrace;
    return {
      "messaging.system": "mqtt",
      "messaging.operation.name": "publish",
      "messaging.destination.name": publishTrace.topic,
      ...(template !== undefined &&
        { "messaging.destination.template": template }),
      "messaging.client.id": publishTrace.clientId,
      "messaging.message.body.size": publishTrace.payloadBytes,
      "network.protocol.name": "mqtt",
      "network.protocol.version": PROTOCOL_NAMES[publishTrace.version],
      "mqtt.qos": publishTrace.qos,
      "mqtt.retain": publishTrace.retain,
      "mqtt.reason_code": reason,
      ...(detail !== undefined && { "mqtt.reason": detail }),
      ...(reason >= 0x80 && { "error.type": reasonName(reason) }),
      ...(moreDeliveries > 0 &&
        { "mailboxqtt.more_deliveries": moreDeliveries }),
      ...(unfinished && { "mailboxqtt.unfinished": true }),
    };
  }

  #routeAttributes(): Attributes {
    const { subscribers, queued, moreQueued, dropped } = this.#publishTrace;
    const waiting = queued.length + moreQueued;
    return {
      "mailboxqtt.subscribers": subscribers,
      ...(waiting > 0 && { "mailboxqtt.queued": waiting }),
      ...Object.fromEntries(
        dropped.map(([cause, messages]) =>
          [`mailboxqtt.dropped.${cause}`, messages] as const
        ),
      ),
    };
  }

  get #isUncommitted(): boolean {
    const { waitsForStore, committedAt } = this.#publishTrace;
    return waitsForStore && committedAt === undefined;
  }

  #writeStore(context: Context): void {
    const { waitsForStore, committedAt, routedAt, endedAt } =
      this.#publishTrace;
    if (!waitsForStore) return;
    const span = this.#start("store", routedAt, { context });
    if (this.#isUncommitted) {
      const message = "It was not committed in time";
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    span.end(this.#time(committedAt ?? endedAt));
  }

  #writeDelivery(
    { clientId, releasedAt, endedAt, outcome }: TraceDelivery,
    context: Context,
  ): void {
    const { topic, routedAt } = this.#publishTrace;
    const span = this.#start("deliver", routedAt, {
      kind: SpanKind.CLIENT,
      context,
      attributes: {
        "messaging.system": "mqtt",
        "messaging.operation.name": "deliver",
        "messaging.operation.type": "send",
        "messaging.destination.name": topic,
        "messaging.client.id": clientId,
      },
    });
    if (releasedAt !== undefined && releasedAt > routedAt) {
      span.addEvent("committed", this.#time(releasedAt));
    }
    if (outcome !== "written") {
      const message = outcome === "disconnected"
        ? "The connection ended before"
        : "The client did not take it in time";
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    span.end(this.#time(endedAt));
  }

  #start(
    name: string,
    at: number,
    { context, ...options }: {
      context: Context;
      kind?: SpanKind;
      attributes?: Attributes;
    },
  ): Span {
    return trace.getTracer("mailboxqtt", this.#options.version).startSpan(
      name,
      { ...options, startTime: this.#time(at) },
      context,
    );
  }

  #time(at: number): HrTime {
    return hrTime(this.#options.epoch + at);
  }
}

function contextOf({ isSampled, tracestate, ...ids }: ParentSpan): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...ids,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(tracestate !== undefined &&
      { traceState: createTraceState(tracestate) }),
  });
}
