/** Non-ASCII spaces (RFC 3454, table C.1.2), which become a space. */
const SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/gu;

/** What is left out (RFC 3454, table B.1): soft hyphens, joiners, variation selectors. */
const NOTHING =
  /[\u00AD\u034F\u1806\u180B-\u180D\u200B-\u200D\u2060\uFE00-\uFE0F\uFEFF]/gu;

/** What may not be in it (RFC 4013, section 2.3): controls, private use, surrogates, tags, what is not for plain text. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u0340\u0341\u06DD\u070F\u180E\u200E\u200F\u2028-\u202E\u2061-\u2063\u206A-\u206F\u2FF0-\u2FFB\uFFF9-\uFFFD\u{1D173}-\u{1D17A}\u{E0001}\u{E0020}-\u{E007F}]/u;

/**
 * A user name or password as SCRAM compares it: SASLprep (RFC 4013), so that the same text typed on two systems is the
 * same. `undefined` where it holds what that prohibits. Two things are left out of it: its rule about the direction of
 * text, and the refusal of code points that Unicode 3.2 did not know. Neither changes a text that is let through.
 */
export function prepare(text: string): string | undefined {
  const mapped = text.replace(SPACES, " ").replace(NOTHING, "")
    .normalize("NFKC");
  return PROHIBITED.test(mapped) ? undefined : mapped;
}
