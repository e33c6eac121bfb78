/** What a client says first (RFC 5802, section 7, `client-first-message`). */
export interface ClientFirst {
  /** What it says of channel binding and of whom it wants to act for, with the comma behind it: `n,,`. */
  readonly header: string;
  /** What follows that. */
  readonly bare: string;
  /** The user. */
  readonly user: string;
  /** The client's part of the nonce. */
  readonly nonce: string;
}

/** What it says in the end (`client-final-message`). */
export interface ClientFinal {
  /** Its header again, in base64. */
  readonly binding: string;
  /** Both parts of the nonce. */
  readonly nonce: string;
  /** All but the proof. */
  readonly withoutProof: string;
  /** The proof, in base64. */
  readonly proof: string;
}

/** Why a message is refused. */
export interface ScramFault {
  /** A part of a sentence for the log. */
  readonly fault: string;
}

/** Bytes of a message at most. */
const LONGEST = 2048;

/** What may be in a nonce: printable, no comma. */
const NONCE = /^[\x21-\x2B\x2D-\x7E]{1,256}$/;

/** An attribute that may follow the known ones, which is then passed over. `m` is not among them: it must not be. */
const EXTENSION = /^[A-Za-ln-z]=[^\0]+$/;

function decode(data: Uint8Array | undefined): string | undefined {
  if (data === undefined || data.length > LONGEST) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      data,
    );
  } catch {
    return undefined;
  }
}

/** A name as it is sent: `=2C` is a comma and `=3D` an equals sign, which may not stand there by themselves. */
function decodeName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text) || text === "" || text.includes("\0")) {
    return undefined;
  }
  return text.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

/** Reads the first message. Channel binding is refused, and so is acting for another user. */
export function parseClientFirst(
  data: Uint8Array | undefined,
): ClientFirst | ScramFault {
  const text = decode(data);
  if (text === undefined) return { fault: "its first message is no text" };
  const parts = /^(n|y|p=[^,]*),(a=[^,]*)?,(.*)$/s.exec(text);
  if (parts === null) {
    return { fault: "its first message does not begin as SCRAM's" };
  }
  const [, binding, authorize, bare] = parts as unknown as [
    string,
    string,
    string | undefined,
    string,
  ];
  if (binding.startsWith("p")) {
    return { fault: "it asks for channel binding" };
  }
  const [name = "", nonce = "", ...extensions] = bare.split(",");
  if (name.startsWith("m=")) {
    return { fault: "it needs an extension that there is not" };
  }
  const user = name.startsWith("n=") ? decodeName(name.slice(2)) : undefined;
  if (user === undefined) return { fault: "it gives no valid user name" };
  if (!nonce.startsWith("r=") || !NONCE.test(nonce.slice(2))) {
    return { fault: "it gives no valid nonce" };
  }
  if (!extensions.every((one) => EXTENSION.test(one))) {
    return { fault: "its first message has an invalid end" };
  }
  if (authorize !== undefined && decodeName(authorize.slice(2)) !== user) {
    return { fault: "it wants to act for another user" };
  }
  const header = text.slice(0, text.length - bare.length);
  return { header, bare, user, nonce: nonce.slice(2) };
}

/** Reads the last message. */
export function parseClientFinal(
  data: Uint8Array | undefined,
): ClientFinal | ScramFault {
  const text = decode(data);
  const parts = text === undefined
    ? null
    : /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2B\x2D-\x7E]+)(,.*)?),p=([A-Za-z0-9+/=]+)$/s
      .exec(text);
  if (parts === null) return { fault: "its last message is not SCRAM's" };
  const [, withoutProof, binding, nonce, extensions, proof] =
    parts as unknown as [
      string,
      string,
      string,
      string,
      string | undefined,
      string,
    ];
  const rest = extensions?.slice(1).split(",") ?? [];
  if (!rest.every((one) => EXTENSION.test(one))) {
    return { fault: "its last message has an invalid end" };
  }
  return { binding, nonce, withoutProof, proof };
}
