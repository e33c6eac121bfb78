import assert from "node:assert/strict";
import { promptSecret, type PromptSecretOptions } from "@std/cli/prompt-secret";

const CLEAR = "\r\x1b[K";

/** Has a secret asked for on a terminal that is played: `keys` are typed. Returns it, and what was shown. */
function ask(
  keys: string,
  message?: string,
  options?: PromptSecretOptions,
  { columns = 80, terminal = true } = {},
): { secret: string | null; shown: string[]; raw: unknown[] } {
  const { stdin, stdout } = Deno;
  const real = {
    isTerminal: stdin.isTerminal,
    readSync: stdin.readSync,
    setRaw: stdin.setRaw,
    writeSync: stdout.writeSync,
    consoleSize: Deno.consoleSize,
  };
  const typed = [...new TextEncoder().encode(keys)];
  const shown: string[] = [];
  const raw: unknown[] = [];
  stdin.isTerminal = () => terminal;
  stdin.setRaw = (mode: boolean, setting?: Deno.SetRawOptions) =>
    void raw.push(setting === undefined ? mode : [mode, setting.cbreak]);
  stdin.readSync = (buffer: Uint8Array) => {
    const key = typed.shift();
    if (key === undefined) return null;
    buffer[0] = key;
    return 1;
  };
  stdout.writeSync = (bytes: Uint8Array) => {
    shown.push(new TextDecoder().decode(bytes));
    return bytes.length;
  };
  Deno.consoleSize = () => ({ columns, rows: 20 });
  try {
    return { secret: promptSecret(message, options), shown, raw };
  } finally {
    stdin.isTerminal = real.isTerminal;
    stdin.readSync = real.readSync;
    stdin.setRaw = real.setRaw;
    stdout.writeSync = real.writeSync;
    Deno.consoleSize = real.consoleSize;
  }
}

Deno.test("promptSecret() takes a line up to CR, LF or the end", () => {
  for (const end of ["\r", "\n", ""]) {
    const { secret, shown, raw } = ask(`deno${end}`, "Password:");
    assert.equal(secret, "deno");
    assert.deepEqual(
      shown,
      [
        "Password: ",
        CLEAR,
        "Password: *",
        CLEAR,
        "Password: **",
        CLEAR,
        "Password: ***",
        CLEAR,
        "Password: ****",
        "\n",
      ],
    );
    assert.deepEqual(raw, [[true, true], false]);
  }
  assert.equal(ask("\r").secret, "");
  assert.deepEqual(ask("\r").shown, ["Secret ", "\n"]);
  assert.equal(ask("grün\n").secret, "grün");
});

Deno.test("promptSecret() takes characters back", () => {
  const { secret, shown } = ask("ab\x7fc\b\b\bd\n", "?", { mask: "" });
  assert.equal(secret, "d");
  assert.deepEqual(shown, ["? ", "\n"]);
  const masked = ask("a\x7f\n", "?");
  assert.deepEqual(masked.shown, ["? ", CLEAR, "? *", CLEAR, "? ", "\n"]);
});

Deno.test("promptSecret() shows another mask, and clears", () => {
  const { shown } = ask("a\n", "?", { mask: "$", clear: true });
  assert.deepEqual(shown, ["? ", CLEAR, "? $", CLEAR]);
});

Deno.test("promptSecret() goes on in the next line of a narrow terminal, and back", () => {
  const { shown } = ask("abc\x7f\n", "?", {}, { columns: 4 });
  assert.deepEqual(
    shown,
    [
      "? ",
      CLEAR,
      "? *",
      CLEAR,
      "? **",
      "*",
      CLEAR,
      "\r\x1b[1F",
      "? **",
      "\n",
    ],
  );
});

Deno.test("promptSecret() returns null where there is no terminal", () => {
  const { secret, shown } = ask("x\n", "?", {}, { terminal: false });
  assert.equal(secret, null);
  assert.deepEqual(shown, []);
});
