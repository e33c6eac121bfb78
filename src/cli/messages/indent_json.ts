const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs;

/** A JSON text on one line without blanks; `undefined` for what is no JSON. */
export function minifyJson(text: string): string | undefined {
  return isJson(text) ? text.match(TOKEN)!.join("") : undefined;
}

/**
 * A JSON text in which each member and item has a line of its own, or `undefined` for a text that is no object or array.
 * Numbers and texts stay as they were written.
 */
export function indentJson(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text) || !isJson(text)) return undefined;
  let out = "";
  let depth = 0;
  const tokens = text.match(TOKEN)!;
  const newLine = () => `\n${"  ".repeat(depth)}`;
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    switch (token) {
      case "{":
      case "[":
        out += token;
        depth++;
        if (next !== "}" && next !== "]") out += newLine();
        break;
      case "}":
      case "]":
        depth--;
        out +=
          /[{[]/.test(tokens[index - 1]!) && tokens[index - 1]!.length === 1
            ? token
            : newLine() + token;
        break;
      case ",":
        out += token + newLine();
        break;
      case ":":
        out += ": ";
        break;
      default:
        out += token;
    }
  }
  return out;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
