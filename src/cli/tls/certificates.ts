import { EXIT } from "../../core/errors.ts";
import {
  CertificateFolder,
  deviceNameFault,
  hostNames,
} from "./certificate_folder.ts";
import {
  badValue,
  type ParsedFlags,
  parseFlags,
  usageError,
} from "../../terminal/flags.ts";
import { formatListener } from "../../config/listeners/url.ts";
import { print } from "../../terminal/output.ts";
import { TLS_DEVICE_FLAGS, TLS_INIT_FLAGS, TLS_REVOKE_FLAGS } from "./flags.ts";

/** Longer than this some systems do not accept a server's certificate. */
const MOST_SERVER_DAYS = 825;
const MOST_DEVICE_DAYS = 3650;
const PORT = 8883;

/** The command `tls init`. */
export async function tlsInit(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, TLS_INIT_FLAGS);
  const days = daysOf(flags, MOST_SERVER_DAYS);
  const names = flags.values.get("name") ?? hostNames();
  for (const name of names) {
    if (!/^[A-Za-z0-9.:*_-]{1,253}$/.test(name)) {
      throw badValue("name", name, "it must be a host name or an address");
    }
  }
  const folder = folderOf(flags);
  const isNew = await folder.init(names, days);
  print(
    `${isNew ? "Made" : "Kept"} the authority: ${
      folder.file("authority.crt")
    }\n` +
      `Made the server's certificate: ${folder.file("server.crt")}\n` +
      `It is good for ${days} days, for ${names.join(", ")}\n\n` +
      "The listener, for mailboxqtt.toml:\n\n" +
      `[[listener]]\nurl = "mqtts://[::]:${PORT}"\n` +
      `certificate = ${quote(folder.file("server.crt"))}\n` +
      `key = ${quote(folder.file("server.key"))}\n` +
      `client_certificates = "require"\n` +
      `client_authority = ${quote(folder.file("authority.crt"))}\n` +
      `revocation_list = ${quote(folder.file("revoked.crl"))}\n\n` +
      `or as a flag:\n\n--listen '${listenerUrl(folder)}'\n\n` +
      "Clients need a certificate then, which mailboxqtt tls device NAME makes. Where passwords are to do, " +
      'leave the last three lines out, or write "request"; to try it without:\n\n' +
      `${tryLine(folder, names[0]!)}\n`,
  );
  return EXIT.ok;
}

/** The command `tls device`. */
export async function tlsDevice(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, TLS_DEVICE_FLAGS, 1);
  const name = deviceOf(flags, "device");
  const days = daysOf(flags, MOST_DEVICE_DAYS);
  const folder = folderOf(flags);
  await folder.addDevice(name, days);
  print(
    `Made a certificate for ${name}: ${folder.file(`${name}.crt`)}\n` +
      `Its key: ${folder.file(`${name}.key`)}\n` +
      `It is good for ${days} days. Bring both to the device, with ${
        folder.file("authority.crt")
      }\n\nTo try it:\n\n${tryLine(folder, "localhost", name)}\n`,
  );
  return EXIT.ok;
}

/** The command `tls revoke`. */
export async function tlsRevoke(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, TLS_REVOKE_FLAGS, 1);
  const name = deviceOf(flags, "revoke");
  const folder = folderOf(flags);
  await folder.revoke(name);
  print(
    `Revoked the certificate of ${name}\n` +
      `A listener with revocation_list = ${
        quote(folder.file("revoked.crl"))
      } refuses it from now on; connections that are open stay.\n\n` +
      `To see that it is refused, with the device's own files:\n\n${
        tryLine(folder, "localhost", name)
      }\n`,
  );
  return EXIT.ok;
}

function folderOf({ values }: ParsedFlags): CertificateFolder {
  return new CertificateFolder(values.get("folder")?.[0] ?? "tls");
}

function daysOf({ values }: ParsedFlags, most: number): number {
  const text = values.get("days")?.[0];
  if (text === undefined) return most;
  const days = Number(text);
  if (!/^\d+$/.test(text) || days < 1 || days > most) {
    throw badValue("days", text, `it must be a whole number from 1 to ${most}`);
  }
  return days;
}

function deviceOf({ operands }: ParsedFlags, command: string): string {
  const [name] = operands;
  if (name === undefined) {
    throw usageError(
      `Name the device: mailboxqtt tls ${command} NAME, for example mailboxqtt tls ${command} pump`,
    );
  }
  const fault = deviceNameFault(name);
  if (fault !== undefined) {
    throw usageError(
      `Cannot use ${JSON.stringify(name)} as the name of a device: ${fault}`,
    );
  }
  return name;
}

function listenerUrl(folder: CertificateFolder): string {
  return formatListener({
    address: { protocol: "mqtts", hostname: "::", port: PORT },
    tls: {
      certificate: folder.file("server.crt"),
      key: folder.file("server.key"),
      clientCertificates: "require",
      clientAuthority: folder.file("authority.crt"),
      revocationList: folder.file("revoked.crl"),
    },
  });
}

/** A command line with which to try a connection. */
function tryLine(
  folder: CertificateFolder,
  host: string,
  device?: string,
): string {
  const words = [
    "mosquitto_pub",
    "-h",
    host,
    "-p",
    String(PORT),
    "--cafile",
    folder.file("authority.crt"),
    ...(device === undefined ? [] : [
      "--cert",
      folder.file(`${device}.crt`),
      "--key",
      folder.file(`${device}.key`),
    ]),
    "-t",
    "test",
    "-m",
    "hello",
  ];
  return words.map((word) =>
    /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
  ).join(" ");
}

/** A path as TOML writes it. */
function quote(path: string): string {
  return JSON.stringify(path);
}
