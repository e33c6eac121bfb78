/** Who sends, in the attributes of a resource of OpenTelemetry; `version` is the program's. */
export function otlpResource(version: string): Record<string, string> {
  return {
    "service.name": Deno.env.get("OTEL_SERVICE_NAME") ?? "mailboxqtt",
    "service.version": version,
    "service.instance.id": `${Deno.hostname()}:${Deno.pid}`,
  };
}
