/** Errors that are not a peer's doing, and how any error is told in one sentence. */

/** The exit statuses of the program, as its users and their scripts know them. */
export const EXIT = {
  /** It did what it was told, or was told to stop. */
  ok: 0,
  /** It could not do it: a taken port, a file that is not there. */
  failed: 1,
  /** It was called wrongly: an unknown flag, a value out of its range. */
  usage: 2,
  /** A fault in the program itself, or its storage died; a supervisor should start it again. */
  internal: 70,
} as const;

/**
 * What keeps the program from starting, in one sentence for its user. It is shown without a stack.
 *
 * @example
 * ```ts ignore
 * throw new StartError("Cannot listen on 127.0.0.1:1883: address already in use");
 * ```
 */
export class StartError extends Error {
  /** The status with which the process ends: one of {@linkcode EXIT}. */
  readonly exitStatus: number;

  /** Takes the sentence, the exit status, and as `cause` the error behind it. */
  constructor(
    message: string,
    exitStatus: number = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "StartError";
    this.exitStatus = exitStatus;
  }
}

/**
 * One line that says what went wrong, without stack, full stop or error number: fit to stand after a
 * colon in another sentence. Takes anything, since anything can be thrown, and never throws itself.
 */
export function describeError(error: unknown): string {
  let text: string;
  try {
    text = error instanceof Error ? error.message || error.name : String(error);
  } catch {
    return "unknown error";
  }
  const line = text.split("\n", 1)[0]!.trim().replace(/ \(os error \d+\)/, "")
    .replace(/\.$/, "");
  return line === "" ? "unknown error" : uncapitalize(line);
}

/** "Address in use" becomes "address in use"; "TLS failed" and "EPIPE" stay as they are. */
function uncapitalize(text: string): string {
  return /^[A-Z][a-z]*(?:[ ,:']|$)/.test(text)
    ? text[0]!.toLowerCase() + text.slice(1)
    : text;
}

/** What was thrown, as an Error with a stack: anything can be thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
