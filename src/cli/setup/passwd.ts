import { makeHash } from "../../auth/passwords/derive_hash.ts";
import { editPasswordFile } from "../../auth/passwords/edit_file.ts";
import {
  nameFault,
  parsePasswordFile,
  type PasswordFault,
  type UserEntry,
} from "../../auth/passwords/file.ts";
import { formatScrypt } from "../../auth/passwords/hash.ts";
import {
  formatScramKeys,
  makeScramKeys,
} from "../../auth/passwords/scram_keys.ts";
import { describeError, EXIT, StartError } from "../../core/errors.ts";
import { askPassword, readPassword } from "../../terminal/ask_password.ts";
import { parseFlags, usageError } from "../../terminal/flags.ts";
import { nearest } from "../../core/nearest.ts";
import { print, printError } from "../../terminal/output.ts";
import { PASSWD_FLAGS, PASSWD_USAGE } from "./passwd_flags.ts";
import { replaceFile } from "../../terminal/replace_file.ts";

/** The command `passwd`. */
export async function passwd(args: readonly string[]): Promise<number> {
  // As many operands as there are: one too many may be a password, which no sentence may show.
  const { operands, switches } = parseFlags(args, PASSWD_FLAGS, args.length);
  const [file, user] = operands;
  const isList = switches.has("list");
  if (file === undefined || (user === undefined && !isList)) {
    throw usageError(
      `Name the file and the user: mailboxqtt ${PASSWD_USAGE}, for example mailboxqtt passwd users.passwd pump`,
    );
  }
  if (operands.length > 2) {
    throw usageError(
      "Too many arguments: a password is never given as one, since others can see it there; it is asked for, or read from standard input with --batch",
    );
  }
  if (isList) {
    if (user !== undefined || switches.size > 1) {
      throw usageError("Flag --list takes the file alone");
    }
    return await list(file);
  }
  if (switches.has("delete")) {
    if (switches.size > 1) {
      throw usageError("Flag --delete stands alone: no password is needed");
    }
    return await remove(file, user!);
  }
  return await set(file, user!, switches);
}

async function set(
  file: string,
  user: string,
  switches: ReadonlySet<string>,
): Promise<number> {
  const fault = nameFault(user);
  if (fault !== undefined) {
    throw usageError(
      `Cannot use ${JSON.stringify(user)} as the name of a user: ${fault}`,
    );
  }
  const password = switches.has("batch")
    ? await readPassword()
    : askPassword(user);
  const hash = await makeHash(new TextEncoder().encode(password));
  let text = formatScrypt(hash);
  if (!switches.has("no-scram")) {
    text += `:${formatScramKeys(await makeScramKeys(password))}`;
  }
  const existed = await edit(file, user, text);
  print(
    existed
      ? `Changed the password of ${user} in ${file}\n`
      : `Added ${user} to ${file}\n`,
  );
  return EXIT.ok;
}

async function remove(file: string, user: string): Promise<number> {
  const { entries } = await read(file);
  const existed = await edit(file, user, undefined);
  if (!existed) {
    const guess = nearest(user, [...entries.keys()]);
    const hint = guess === undefined ? "" : `; did you mean ${guess}?`;
    throw new StartError(
      `Cannot remove ${
        JSON.stringify(user)
      }: there is no such user in ${file}${hint}`,
    );
  }
  print(`Removed ${user} from ${file}\n`);
  return EXIT.ok;
}

/** Changes a user's line. Returns whether there was one. */
async function edit(
  file: string,
  user: string,
  text: string | undefined,
): Promise<boolean> {
  let existed = false;
  await replaceFile(file, (old) => {
    const result = editPasswordFile(old, user, text);
    if (result.type === "refused") {
      tell(file, result.faults);
      throw new StartError(
        `Cannot change ${file}: nobody can say whose lines these are`,
      );
    }
    existed = result.existed;
    tell(file, result.faults);
    return text === undefined && !existed ? undefined : result.text;
  });
  return existed;
}

async function list(file: string): Promise<number> {
  const { entries, faults } = await read(file);
  for (const entry of entries.values()) {
    print(`${entry.name}  (${describe(entry)})\n`);
  }
  tell(file, faults);
  return faults.length === 0 ? EXIT.ok : EXIT.failed;
}

function describe({ hash, scram }: UserEntry): string {
  return scram === undefined ? hash.kind : `${hash.kind}, SCRAM-SHA-256`;
}

async function read(file: string) {
  try {
    return parsePasswordFile(await Deno.readFile(file));
  } catch (error) {
    throw new StartError(`Cannot read ${file}: ${describeError(error)}`);
  }
}

/** Names faults one by one, as compilers do. */
function tell(file: string, faults: readonly PasswordFault[]): void {
  for (const { line, column, message } of faults) {
    printError(`${file}:${line}:${column}: ${message}\n`);
  }
}
