import assert from "node:assert/strict";
import { describeError, EXIT, StartError } from "./errors.ts";

Deno.test("StartError carries the exit status", () => {
  assert.equal(new StartError("Cannot start").exitStatus, EXIT.failed);
  assert.equal(new StartError("Unknown flag --x", EXIT.usage).exitStatus, 2);
});

Deno.test("describeError gives one line that fits behind a colon", () => {
  const cases: [unknown, string][] = [
    [
      new Error("Address already in use (os error 98)"),
      "address already in use",
    ],
    [new Error("Something failed.\n  with more to say"), "something failed"],
    [new Error("EPIPE"), "EPIPE"],
    [new Error("TLS handshake failed"), "TLS handshake failed"],
    [new RangeError(""), "RangeError"],
    ["a string", "a string"],
    [undefined, "undefined"],
    ["", "unknown error"],
    [Object.create(null), "unknown error"],
  ];
  for (const [error, expected] of cases) {
    assert.equal(describeError(error), expected);
  }
});

Deno.test("describeError names what the system said of a taken port", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    assert.throws(
      () => Deno.listen({ hostname: "127.0.0.1", port: listener.addr.port }),
      (error) => /in use|access/i.test(describeError(error)),
    );
  } finally {
    listener.close();
  }
});
