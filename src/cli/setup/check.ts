import { EXIT } from "../../core/errors.ts";
import { accessWarnings } from "../../config/checks/access.ts";
import { checkSettings } from "../../config/checks/checks.ts";
import { defaultLimits } from "../../config/default_limits.ts";
import { processVariables, type Variables } from "../../config/environment.ts";
import { type Fault, formatFault } from "../../config/given/fault.ts";
import { parseFlags } from "../../terminal/flags.ts";
import { loadSettings } from "../../config/load.ts";
import { print } from "../../terminal/output.ts";
import { list } from "../../config/settings/setting.ts";
import type { Settings } from "../../config/settings/settings.ts";
import { CHECK_FLAGS, inOurFlags, readStartFlags } from "../../config/flags.ts";

/** The command `check`. */
export async function check(args: readonly string[]): Promise<number> {
  const { text, isGood } = await checkConfiguration(args, processVariables());
  print(text);
  return isGood ? EXIT.ok : EXIT.failed;
}

/** What the command has to say with these arguments and this environment. Throws a `StartError` for wrong arguments. */
export async function checkConfiguration(
  args: readonly string[],
  variables: Variables,
): Promise<{ readonly text: string; readonly isGood: boolean }> {
  const parsed = parseFlags(inOurFlags(args), CHECK_FLAGS);
  const { given: flags, config } = readStartFlags(parsed);
  const outcome = await loadSettings({
    flags,
    config,
    variables,
    limits: defaultLimits(),
  });
  const faults = outcome.settings === undefined
    ? outcome.faults
    : await checkSettings(outcome.settings, outcome.origins);
  const { settings } = outcome;
  const isGood = faults.length === 0;
  const warnings = settings !== undefined && isGood
    ? await accessWarnings(settings)
    : [];
  if (parsed.switches.has("json")) {
    const all = report(settings, faults, warnings);
    return { text: `${JSON.stringify(all)}\n`, isGood };
  }
  const told = isGood
    ? warnings.map((warning) => `Warning: ${formatFault(warning)}\n`)
    : faults.map((fault) => `${formatFault(fault)}\n`);
  const end = settings !== undefined && isGood ? `${summary(settings)}\n` : "";
  return { text: told.join("") + end, isGood };
}

function summary({ file, listeners }: Settings): string {
  const urls = listeners.map(({ url, allowAnonymous }) =>
    allowAnonymous ? `${url} (for anybody)` : url
  );
  const whole = file === undefined
    ? "All is well, without a configuration file"
    : `All is well with ${file}`;
  return `${whole}: the broker would listen on ${list(urls)}`;
}

function report(
  settings: Settings | undefined,
  faults: readonly Fault[],
  warnings: readonly Fault[],
): unknown {
  const told = ({ place, what, allowed, guess }: Fault) => {
    const { type: _, ...where } = place;
    return { ...where, what, allowed, guess };
  };
  return {
    ok: faults.length === 0,
    file: settings?.file,
    listeners: settings?.listeners.map(({ url, allowAnonymous }) => ({
      url,
      allowAnonymous,
    })),
    faults: faults.map(told),
    warnings: warnings.map(told),
  };
}
