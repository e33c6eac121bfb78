import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** Bytes as text, and the other way round. */
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

/** How a {@linkcode ScramClient} differs from a good one. */
export interface ScramClientOptions {
  /** Its part of the nonce. */
  readonly nonce?: string;
  /** What its first message begins with. */
  readonly header?: string;
  /** What its last message says that it was. */
  readonly finalHeader?: string;
}

/** The client's side of SCRAM-SHA-256, written from RFC 5802 and sharing no code with the server's. */
export class ScramClient {
  readonly #user: string;
  readonly #password: string;
  readonly #nonce: string;
  readonly #header: string;
  readonly #finalHeader: string;
  #signature = "";

  /** A client of this user. */
  constructor(
    user: string,
    password: string,
    {
      nonce = "rOprNGfwEbeRWgbNEkqO",
      header = "n,,",
      finalHeader = header,
    }: ScramClientOptions = {},
  ) {
    this.#user = user.replaceAll("=", "=3D").replaceAll(",", "=2C");
    this.#password = password;
    this.#nonce = nonce;
    this.#header = header;
    this.#finalHeader = finalHeader;
  }

  /** What it says first. */
  first(): Uint8Array {
    return bytes(this.#header + this.#bare());
  }

  #bare(): string {
    return `n=${this.#user},r=${this.#nonce}`;
  }

  /** What it says to the server's first message. */
  final(serverFirst: Uint8Array): Uint8Array {
    const said = text(serverFirst);
    const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(
      said,
    )!;
    assert.ok(nonce!.startsWith(this.#nonce) && nonce !== this.#nonce);
    const salted = pbkdf2Sync(
      this.#password,
      Uint8Array.fromBase64(salt!),
      Number(iterations),
      32,
      "sha256",
    );
    const mac = (key: Uint8Array, data: string) =>
      createHmac("sha256", key).update(data).digest();
    const clientKey = mac(salted, "Client Key");
    const storedKey = createHash("sha256").update(clientKey).digest();
    const withoutProof = `c=${bytes(this.#finalHeader).toBase64()},r=${nonce}`;
    const all = `${this.#bare()},${said},${withoutProof}`;
    const signature = mac(storedKey, all);
    const proof = clientKey.map((byte, at) => byte ^ signature[at]!);
    this.#signature = mac(mac(salted, "Server Key"), all).toString("base64");
    return bytes(`${withoutProof},p=${new Uint8Array(proof).toBase64()}`);
  }

  /** Requires that the server has shown that it knows the password too. */
  check(serverFinal: Uint8Array | undefined): void {
    assert.equal(text(serverFinal!), `v=${this.#signature}`);
  }
}
