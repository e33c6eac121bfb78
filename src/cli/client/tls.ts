import type { ClientTls } from "../../client/broker_address.ts";
import { describeError, StartError } from "../../core/errors.ts";
import { type ParsedFlags, usageError } from "../../terminal/flags.ts";

/** The flags that say that TLS is spoken. */
const TLS_FLAGS = ["cafile", "capath", "cert", "key", "tls", "insecure"];

/** Whether a flag says that TLS is spoken. */
export function asksForTls({ values, switches }: ParsedFlags): boolean {
  return TLS_FLAGS.some((name) => values.has(name) || switches.has(name));
}

/** Reads the files that the flags name. */
export async function readClientTls(
  { values, switches }: ParsedFlags,
): Promise<ClientTls> {
  const [cafile, capath, cert, key] = ["cafile", "capath", "cert", "key"].map(
    (name) => values.get(name)?.[0],
  );
  if ((cert === undefined) !== (key === undefined)) {
    throw usageError(
      cert === undefined
        ? "Flag --key needs the certificate beside it: --cert FILE"
        : "Flag --cert needs the key beside it: --key FILE",
    );
  }
  const authorities = [
    ...cafile === undefined ? [] : [await read(cafile)],
    ...capath === undefined ? [] : await readFolder(capath),
  ];
  return {
    ...(authorities.length > 0 && { authorities: authorities.join("\n") }),
    ...(cert !== undefined && { certificate: await read(cert) }),
    ...(key !== undefined && { key: await read(key) }),
    isInsecure: switches.has("insecure"),
  };
}

async function read(file: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    throw new StartError(`Cannot read ${file}: ${describeError(error)}`);
  }
  if (!text.includes("-----BEGIN ")) {
    throw new StartError(
      `Cannot use ${file}: there is no PEM text in it (-----BEGIN ...)`,
    );
  }
  return text;
}

/** All PEM texts in a folder; other files may be there too. */
async function readFolder(folder: string): Promise<string[]> {
  const texts: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) continue;
      const text = await Deno.readTextFile(`${folder}/${name}`);
      if (text.includes("-----BEGIN CERTIFICATE-----")) texts.push(text);
    }
  } catch (error) {
    throw new StartError(`Cannot read ${folder}: ${describeError(error)}`);
  }
  if (texts.length === 0) {
    throw new StartError(`Cannot use ${folder}: no certificate is in it`);
  }
  return texts;
}
