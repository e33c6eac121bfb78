// The thread in which Argon2id is worked out: it is WebAssembly, and would hold the event loop for a second.

import { argon2id } from "hash-wasm";

/** One hash to work out. */
export interface Argon2Request {
  /** The password. */
  readonly password: Uint8Array;
  /** What goes in beside it. */
  readonly salt: Uint8Array;
  /** Bytes to make. */
  readonly bytes: number;
  /** KiB. */
  readonly memory: number;
  /** How often all of it is gone over. */
  readonly passes: number;
  /** Lanes. */
  readonly parallelism: number;
}

/** What comes of it. */
export type Argon2Reply = { readonly hash: Uint8Array } | {
  readonly error: string;
};

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Argon2Request>) => void;
  postMessage(message: Argon2Reply): void;
};

scope.onmessage = async ({ data }) => scope.postMessage(await answer(data));

async function answer(request: Argon2Request): Promise<Argon2Reply> {
  try {
    return {
      hash: await argon2id({
        password: request.password,
        salt: request.salt,
        hashLength: request.bytes,
        memorySize: request.memory,
        iterations: request.passes,
        parallelism: request.parallelism,
        outputType: "binary",
      }),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
