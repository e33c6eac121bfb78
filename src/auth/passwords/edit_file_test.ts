import assert from "node:assert/strict";
import fc from "fast-check";
import { ALICE, BOB } from "../../../tests/support/clients/applicant.ts";
import { editPasswordFile } from "./edit_file.ts";
import { parsePasswordFile } from "./file.ts";

const HASH = BOB.slice("bob:".length);

function edit(text: string, name: string, hash: string | undefined) {
  const result = editPasswordFile(new TextEncoder().encode(text), name, hash);
  return result.type === "edited"
    ? [result.text, result.existed, result.faults.length]
    : result.faults.map(({ message }) => message);
}

Deno.test("editPasswordFile() adds, changes and removes a line, and leaves all others as they are", () => {
  const file = `# one\r\n${ALICE}\n\n  \n#${BOB}\n${BOB}`;
  assert.deepEqual(edit(file, "c", HASH), [
    `${file}\nc:${HASH}\n`,
    false,
    0,
  ]);
  assert.deepEqual(edit(file, "alice", HASH), [
    `# one\r\nalice:${HASH}\n\n  \n#${BOB}\n${BOB}`,
    true,
    0,
  ]);
  assert.deepEqual(edit(file, "alice", undefined), [
    `# one\r\n\n  \n#${BOB}\n${BOB}`,
    true,
    0,
  ]);
  assert.deepEqual(edit(file, "c", undefined), [file, false, 0]);
  const [text] = edit("", "c", HASH);
  assert.match(String(text), /^# Users of mailboxqtt[^\n]*\nc:\$6\$[^\n]*\n$/);
});

Deno.test("editPasswordFile() puts right what is wrong with the user's own lines, and tells what is with others", () => {
  const file = `a:secret\n${ALICE}\nb:secret\na:other\n`;
  assert.deepEqual(edit(file, "a", HASH), [
    `a:${HASH}\n${ALICE}\nb:secret\n`,
    true,
    1,
  ]);
  assert.deepEqual(edit(file, "a", undefined), [
    `${ALICE}\nb:secret\n`,
    true,
    1,
  ]);
});

Deno.test("editPasswordFile() refuses a file in which it cannot tell whose lines are whose", () => {
  assert.match(String(edit(`${ALICE}\nbob\n`, "c", HASH)), /no colon/);
  const utf16 = new Uint8Array([0xFF, 0xFE, 0x61, 0]);
  assert.equal(editPasswordFile(utf16, "c", HASH).type, "refused");
});

Deno.test("editPasswordFile() makes a file in which the user is as told, and others are as before", () => {
  const line = fc.constantFrom(ALICE, BOB, `b:${HASH}`, "# x", "", "z:clear");
  const file = fc.array(line).chain((lines) =>
    fc.constantFrom("\n", "\r\n").map((end) => lines.join(end))
  );
  fc.assert(
    fc.property(
      file,
      fc.constantFrom("alice", "b", "z"),
      fc.boolean(),
      (text, name, isKept) => {
        const before = parsePasswordFile(new TextEncoder().encode(text));
        const [edited] = edit(text, name, isKept ? HASH : undefined);
        const bytes = new TextEncoder().encode(String(edited));
        const after = parsePasswordFile(bytes);
        assert.equal(after.entries.get(name)?.text, isKept ? HASH : undefined);
        for (const one of ["alice", "bob", "b"]) {
          if (one === name) continue;
          assert.equal(
            after.entries.get(one)?.text,
            before.entries.get(one)?.text,
          );
        }
      },
    ),
  );
});
