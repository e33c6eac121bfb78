import type { StoreSettings } from "../config/settings/store.ts";
import { formatQuantity } from "../config/settings/quantity.ts";

/** What a power cut costs, in a sentence for each level of durability that is in force; the overall one first. */
export function durabilityNews(settings: StoreSettings): string[] {
  const { durability: { overall, rules }, longestWait } = settings;
  const window = formatQuantity(longestWait, "milliseconds");
  const sentences = {
    commit:
      "What is acknowledged is on the disk before: it survives a power cut",
    interval:
      `What is acknowledged is on the disk within ${window}: a power cut or kill loses what is younger`,
    off:
      "Messages are in memory only: those that wait, or are retained, are lost when the broker ends",
  };
  return [
    sentences[overall],
    ...rules.map(({ filter, durability }) =>
      `Other than that, for ${filter}: ${sentences[durability]}`
    ),
  ];
}
