/** Figure 8: traffic that needs no disk, with a store and without one. */

import type { DurableBroker } from "./durable_broker.ts";
import { SCENARIOS } from "./compare_scenarios.ts";
import { median } from "./process_figures.ts";
import { type Report, rounded } from "./durable_report.ts";

/** The scenarios of `deno task compare` that are measured, and the percentage by which they may get worse. */
const NAMES = /^QoS 0, 1 publisher to 1|^QoS 1, 10 pairs/;
const ALLOWED = 3;

/** Measures with brokers that are made for each round, one after the other. */
export async function measureNone(
  make: (memory: boolean) => DurableBroker,
  { seconds, rounds }: { readonly seconds: number; readonly rounds: number },
  report: Report,
): Promise<void> {
  for (const { name, measure } of SCENARIOS) {
    if (!NAMES.test(name)) continue;
    const figures = { memory: [] as number[], disk: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      // Which of them comes first changes from round to round.
      const order = round % 2 === 0 ? [true, false] : [false, true];
      for (const memory of order) {
        const broker = make(memory);
        await broker.start();
        try {
          const figure = await measure(broker.process, seconds);
          figures[memory ? "memory" : "disk"].push(figure);
        } finally {
          await broker.remove();
        }
      }
    }
    const [none, folder] = [median(figures.memory), median(figures.disk)];
    const ratio = (folder / none - 1) * 100;
    report.figure({
      part: 8,
      name: `${name}, messages per CPU second: \`--data none\`, with a folder`,
      value: `${rounded(none)}, ${rounded(folder)}: ${ratio < 0 ? "" : "+"}${
        ratio.toFixed(1)
      } %`,
      target: `>= -${ALLOWED} %`,
      met: ratio >= -ALLOWED,
    });
  }
}
