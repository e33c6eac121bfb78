/** What programs are made for, each by the name that Deno has for it. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** One of {@linkcode TARGETS}. */
export type Target = typeof TARGETS[number];

/** Whether this names one of them. */
export function isTarget(name: string): name is Target {
  return (TARGETS as readonly string[]).includes(name);
}

/** The name of the program's file. */
export function programName(version: string, target: Target): string {
  const extension = target.includes("windows") ? ".exe" : "";
  return `mailboxqtt-${version}-${target}${extension}`;
}
