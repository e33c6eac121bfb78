import { EXIT } from "../../core/errors.ts";
import type { Command } from "../../terminal/command.ts";
import { type FlagInfo, parseFlags, usageError } from "../../terminal/flags.ts";
import { COMMON_FLAGS } from "../../terminal/help.ts";
import { print } from "../../terminal/output.ts";

/** What is completed behind these words. */
interface Place {
  /** The words of a command, such as `store info`; empty behind the program's name. */
  readonly path: string;
  /** What may come next, with what it does. */
  readonly words: readonly (readonly [string, string])[];
  /** The flags there. */
  readonly flags: readonly FlagInfo[];
}

/** The shells, and what is written for each. */
const SHELLS: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** What stands for the value of a flag that names a file or folder. */
const FILES = /FILE|FOLDER/;

/** The command `completions`: writes a script for a shell, of all that `commands` can do. */
export function completions(
  args: readonly string[],
  commands: ReadonlyMap<string, Command>,
): Promise<number> {
  const [shell = ""] = parseFlags(args, [], 1).operands;
  if (!Object.hasOwn(SHELLS, shell)) {
    const names = Object.keys(SHELLS).join(", ");
    throw usageError(
      `Cannot complete for ${
        JSON.stringify(shell)
      }: name one of the shells ${names}`,
    );
  }
  print(SHELLS[shell]!(placesOf(commands)));
  return Promise.resolve(EXIT.ok);
}

function placesOf(commands: ReadonlyMap<string, Command>): Place[] {
  const start = commands.get("start")!;
  return [
    { path: "", words: wordsOf(commands), flags: flagsOf(start) },
    ...[...commands].flatMap(([name, command]) => below(name, command)),
  ];
}

function below(path: string, command: Command): Place[] {
  const { commands = new Map<string, Command>() } = command;
  return [
    { path, words: wordsOf(commands), flags: flagsOf(command) },
    ...[...commands].flatMap(([name, next]) => below(`${path} ${name}`, next)),
  ];
}

function wordsOf(
  commands: ReadonlyMap<string, Command>,
): (readonly [string, string])[] {
  return [...commands].map(([name, { summary }]) => [name, summary] as const);
}

function flagsOf({ flags }: Command): FlagInfo[] {
  return [...flags, ...COMMON_FLAGS];
}

/** How the script for bash and zsh finds out behind which words it is; `words` is the array of them. */
function pathLoop(
  places: readonly Place[],
  words: string,
  end: string,
): string {
  const paths = places.filter(({ path }) => path !== "").map(({ path }) =>
    `"${path}"`
  );
  return `  local place="" next at
  for ((at = ${words === "words" ? 2 : 1}; at < ${end}; at++)); do
    next="\${place:+$place }\${${words}[at]}"
    case $next in
      ${paths.join(" | ")}) place=$next ;;
    esac
  done
`;
}

function bashScript(places: readonly Place[]): string {
  const all = places.flatMap(({ flags }) => flags);
  const named = (takes: (flag: FlagInfo) => boolean) =>
    [...new Set(all.filter(takes).map(({ name }) => `--${name}`))].join(" | ");
  const files = named(({ value }) => value !== undefined && FILES.test(value));
  const others = named(({ value }) =>
    value !== undefined && !FILES.test(value)
  );
  const cases = places.map(({ path, words, flags }) => {
    const all = [
      ...words.map(([word]) => word),
      ...flags.map(({ name }) => `--${name}`),
    ];
    return `    "${path}") known="${all.join(" ")}" ;;\n`;
  });
  return `_mailboxqtt() {
  local word=\${COMP_WORDS[COMP_CWORD]} known=""
${
    pathLoop(places, "COMP_WORDS", "COMP_CWORD")
  }  case \${COMP_WORDS[COMP_CWORD - 1]} in
    ${files}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    ${others}) COMPREPLY=(); return ;;
  esac
  case $place in
${cases.join("")}  esac
  COMPREPLY=($(compgen -W "$known" -- "$word"))
}
complete -o default -F _mailboxqtt mailboxqtt
`;
}

function zshScript(places: readonly Place[]): string {
  const cases = places.map(({ path, words, flags }) =>
    `    "${path}")
      known=(${
      words.map(([word, about]) => single(`${word}:${about}`)).join(" ")
    })
      flags=(
${flags.map((flag) => `        ${single(zshFlag(flag))}\n`).join("")}      ) ;;
`
  );
  return `#compdef mailboxqtt
_mailboxqtt() {
  local -a known flags
${pathLoop(places, "words", "CURRENT")}  case $place in
${cases.join("")}  esac
  if (( \${#known} )) && [[ $PREFIX != -* ]]; then
    _describe command known
  else
    _arguments "\${flags[@]}" '*:file:_files'
  fi
}
compdef _mailboxqtt mailboxqtt
`;
}

function zshFlag({ name, value, help, repeatable }: FlagInfo): string {
  const about = help.replace(/[[\]:]/g, "\\$&");
  const times = repeatable ? "*" : "";
  if (value === undefined) return `${times}--${name}[${about}]`;
  const action = FILES.test(value) ? "_files" : " ";
  const title = value.replaceAll(":", " ");
  return `${times}--${name}=[${about}]:${title}:${action}`;
}

function fishScript(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== "").map(({ path }) =>
    single(path)
  );
  let text = `function __mailboxqtt_at
    set -l place ""
    for word in (commandline --tokenize --cut-at-cursor --current-process)[2..]
        set -l next (string trim -- "$place $word")
        contains -- $next ${paths.join(" ")}; and set place $next
    end
    test "$place" = "$argv[1]"
end
`;
  for (const { path, words, flags } of places) {
    const at = `complete -c mailboxqtt -n ${
      single(`__mailboxqtt_at ${JSON.stringify(path)}`)
    }`;
    for (const [word, about] of words) {
      text += `${at} -f -a ${word} -d ${single(about)}\n`;
    }
    for (const { name, value, help } of flags) {
      const takes = value === undefined
        ? ""
        : FILES.test(value)
        ? " -r -F"
        : " -x";
      text += `${at} -l ${name}${takes} -d ${single(help)}\n`;
    }
  }
  return text;
}

/** A word for a shell, whatever is in it. */
function single(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
