// The thread in which Argon2id is worked out: it is WebAssembly, and would hold the event loop for a second.

import { argon2id } from "hash-wasm";
import type { Argon2Reply, Argon2Request } from "./argon2_thread.ts";

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
