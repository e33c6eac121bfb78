import { describeError, StartError } from "../core/errors.ts";
import type { ControlAnswer, ControlRequest } from "./control_server.ts";
import { readLine } from "./read_line.ts";

/** Bytes of an answer: that of ten thousands of clients. */
const LONGEST_ANSWER = 256 * 1024 * 1024;

const encoder = new TextEncoder();

/**
 * Asks the broker whose control socket this is, and returns what it answers.
 *
 * @throws {StartError} If no broker answers there, or it cannot do what is asked for: then it says why.
 */
export async function askBroker(
  path: string,
  request: ControlRequest,
): Promise<unknown> {
  let line: string | undefined;
  try {
    using connection = await Deno.connect({ transport: "unix", path });
    let bytes = encoder.encode(`${JSON.stringify(request)}\n`);
    while (bytes.length > 0) {
      bytes = bytes.subarray(await connection.write(bytes));
    }
    line = await readLine(connection, LONGEST_ANSWER);
  } catch (error) {
    throw new StartError(
      `Cannot ask the broker at ${path}: ${reasonOf(error)}`,
      undefined,
      { cause: error },
    );
  }
  if (line === undefined) {
    throw new StartError(
      `Cannot ask the broker at ${path}: it does not answer`,
    );
  }
  const answer = JSON.parse(line) as ControlAnswer;
  if ("error" in answer) throw new StartError(answer.error);
  return answer.result;
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    return "there is no such socket; is the broker running, and with this folder?";
  }
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "no broker answers there any more";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "it is another user's; run this as the user of the broker, or as root";
  }
  return describeError(error);
}
