/** Stand-in for `@std/cli/prompt-secret`, for machines that cannot reach JSR. Not for Windows. */

/** Options of `promptSecret`. */
export type PromptSecretOptions = {
  /** Is shown in the place of each character; the empty text shows nothing. Default `*`. */
  mask?: string;
  /** Takes the line away once it is complete. */
  clear?: boolean;
};

const BACKSPACE = 0x08;
const LINE_FEED = 0x0A;
const CARRIAGE_RETURN = 0x0D;
const DELETE = 0x7F;

/** To the beginning of the line, and empties it. */
const CLEAR_LINE = "\r\x1b[K";
/** To the beginning of the line above. */
const LINE_ABOVE = "\r\x1b[1F";

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Shows how much was typed. A text longer than the terminal's line shows what belongs on the last one. */
function painter(message: string, mask: string): (typed: number) => void {
  const { columns } = Deno.consoleSize();
  let shown = 0;
  return (typed) => {
    const text = message + mask.repeat(typed);
    const over = text.length % columns;
    if (text.length < shown) {
      write(CLEAR_LINE);
      if (over === 0) write(LINE_ABOVE);
    } else if (over !== 1) write(CLEAR_LINE);
    write(text.length > columns ? text.slice(-(over || columns)) : text);
    shown = text.length;
  };
}

function readLine(onKey: (typed: number) => void): string {
  const typed: number[] = [];
  const byte = new Uint8Array(1);
  while (Deno.stdin.readSync(byte)) {
    const [key] = byte as unknown as [number];
    if (key === CARRIAGE_RETURN || key === LINE_FEED) break;
    if (key === BACKSPACE || key === DELETE) typed.pop();
    else typed.push(key);
    onKey(typed.length);
  }
  return new TextDecoder().decode(new Uint8Array(typed));
}

/**
 * Asks for something that must not be seen: shows `message` and returns the line that is typed, or `null` where
 * standard input is no terminal.
 */
export function promptSecret(
  message = "Secret",
  { mask = "*", clear = false }: PromptSecretOptions = {},
): string | null {
  if (!Deno.stdin.isTerminal()) return null;
  const title = `${message} `;
  const paint = painter(title, mask);
  write(title);
  Deno.stdin.setRaw(true, { cbreak: true });
  try {
    return readLine(mask === "" ? () => {} : paint);
  } finally {
    write(clear ? CLEAR_LINE : "\n");
    Deno.stdin.setRaw(false);
  }
}
