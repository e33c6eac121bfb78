import { SettingError } from "./setting.ts";

/** What is allowed, for sentences that say so. */
export const SHARE_ALLOWED = "a percentage such as 1% or 0.1% is allowed";

/**
 * Reads a share, written as a percentage, as a number from 0 to 1.
 *
 * @throws {SettingError} If it is none.
 */
export function parseShare(text: string): number {
  const [, digits] = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text) ?? [];
  const share = Number(digits) / 100;
  if (share <= 1) return share;
  const bare = /^0?\.\d+$/.test(text) ? Number(text) * 100 : Number(text);
  const guess = text !== "" && bare <= 100 ? `${bare}%` : undefined;
  throw new SettingError(text, SHARE_ALLOWED, guess);
}
