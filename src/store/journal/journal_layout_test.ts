import assert from "node:assert/strict";
import fc from "fast-check";
import { describeContents } from "../../../tests/support/stores/describe_contents.ts";
import { Scribe, STEPS } from "../../../tests/support/stores/store_writes.ts";
import { Contents } from "../contents.ts";
import { EncodingReader } from "./encoding.ts";
import { MessageReference, Operation } from "./journal.ts";
import { MessageBodies } from "./message_body.ts";
import { JournalReader } from "./reader.ts";
import { JournalWriter } from "./writer.ts";

const SOURCE = new URL("journal.ts", import.meta.url);
const ENTRY = /\/\*\*([^/]*)\*\/\s*(\w+): (\d+),/g;
const FIELD =
  /^(name|number|text|float|message)(?: (\w+))?(?: (if|unless) (\w+) & (\d+)| times (\w+))?$/;

/** One field, as its comment describes it. */
interface Field {
  readonly kind: string;
  readonly label: string;
  /** How often it is there, by the values of those before it. */
  readonly times: (values: ReadonlyMap<string, number>) => number;
}

function parseField(text: string): Field {
  const [, kind, label = "", condition, flags, bit, count] = FIELD.exec(text) ??
    assert.fail(`Cannot read the field "${text}"`);
  return {
    kind: kind!,
    label,
    times: (values) => {
      if (count !== undefined) return values.get(count)!;
      if (condition === undefined) return 1;
      const isSet = (values.get(flags!)! & Number(bit)) !== 0;
      return isSet === (condition === "if") ? 1 : 0;
    },
  };
}

/** The layouts in the comments of `Operation`, by the operations' first bytes. */
async function readLayouts(): Promise<ReadonlyMap<number, readonly Field[]>> {
  const text = await Deno.readTextFile(SOURCE);
  const start = text.indexOf("export const Operation = {");
  const table = text.slice(start, text.indexOf("} as const;", start));
  return new Map(Array.from(table.matchAll(ENTRY), ([, comment, , code]) => {
    const plain = comment!.replaceAll(/\s*\*\s+|\s+/g, " ").trim();
    const fields = plain.slice(0, plain.indexOf(".")).split(", ");
    return [Number(code), fields.map(parseField)];
  }));
}

/** Follows the layouts through a journal, and yields where each operation ends. */
function* boundaries(
  bytes: Uint8Array,
  layouts: ReadonlyMap<number, readonly Field[]>,
): Generator<number> {
  const from = new EncodingReader(bytes);
  let names = 0;
  const skip: Readonly<Record<string, () => number | void>> = {
    number: () => from.number(),
    float: () => void from.float(),
    text: () => void from.text(),
    name: () => {
      if (from.number() < names) return;
      names++;
      from.text();
    },
    message: () => {
      if (from.number() >= MessageReference.Earlier) return;
      const length = from.number();
      from.at += length;
    },
  };
  while (from.at < from.end) {
    const code = from.number();
    const fields = layouts.get(code) ?? assert.fail(`No operation ${code}`);
    const values = new Map<string, number>();
    for (const { kind, label, times } of fields) {
      for (let left = times(values); left > 0; left--) {
        values.set(label, skip[kind]!() ?? 0);
      }
    }
    yield from.at;
  }
}

Deno.test("Operation describes the bytes that JournalWriter writes and JournalReader reads", async () => {
  const layouts = await readLayouts();
  assert.deepEqual([...layouts.keys()], Object.values(Operation));
  const seen = new Set<number>();
  fc.assert(fc.property(STEPS, (steps) => {
    const writer = new JournalWriter(new MessageBodies());
    const scribe = new Scribe();
    const ends: number[] = [];
    for (const step of steps) {
      if (["commit", "close", "crash"].includes(step[0])) continue;
      scribe.write(step, writer);
      ends.push(writer.length);
    }
    const journal = writer.take();
    const described = [...boundaries(journal, layouts)];
    // A step may be several operations, or none.
    assert.deepEqual(
      ends.filter((end) => !described.includes(end) && end > 0),
      [],
    );
    assert.equal(described.at(-1) ?? 0, journal.length);
    const reader = new JournalReader(new MessageBodies());
    const read = new Contents();
    let start = 0;
    for (const end of described) {
      seen.add(journal[start]!);
      reader.read(journal.slice(start, end), read);
      start = end;
    }
    assert.deepEqual(describeContents(read), describeContents(scribe.written));
  }));
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    Object.values(Operation).toSorted((a, b) => a - b),
    "Operations that no step wrote",
  );
});
