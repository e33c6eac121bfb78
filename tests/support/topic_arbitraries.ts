// What the tests of this folder share: generated topics and filters, few enough to meet often, and
// the plainest matcher there is.
import fc from "fast-check";

const word = fc.constantFrom(
  "",
  "a",
  "b",
  "ab",
  "abc",
  "$",
  "$a",
  "längerer name",
);

/** Short topics of a small vocabulary. */
export const anyTopic: fc.Arbitrary<string> = fc
  .array(word, { minLength: 1, maxLength: 6 })
  .map((levels) => levels.join("/"))
  .filter((topic) => topic.length > 0);

/** Topics of next to no vocabulary, so that many are the beginnings of others. */
export const narrowTopic: fc.Arbitrary<string> = fc
  .array(fc.constantFrom("a", "a", "b"), { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join("/"));

/** Valid filters that meet {@linkcode anyTopic} often. */
export const anyFilter: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(
      fc.oneof({ weight: 2, arbitrary: word }, {
        weight: 1,
        arbitrary: fc.constant("+"),
      }),
      { maxLength: 6 },
    ),
    fc.boolean(),
  )
  .map(([levels, hash]) => (hash ? [...levels, "#"] : levels).join("/"))
  .filter((filter) => filter.length > 0);

/** [MQTT-4.7.1] and [MQTT-4.7.2-1] on arrays of levels. */
export function naiveMatches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const wanted = filter.split("/");
  const levels = topic.split("/");
  if (wanted.at(-1) === "#") {
    wanted.pop();
    levels.length = Math.min(levels.length, wanted.length);
  }
  return wanted.length === levels.length &&
    wanted.every((level, i) => level === "+" || level === levels[i]);
}
