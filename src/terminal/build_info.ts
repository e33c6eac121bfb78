/** From which state of the source a compiled program was made. */
export interface BuildInfo {
  /** The commit, abbreviated; with `+changes` behind it where there were any. */
  readonly commit: string;
  /** The day of that commit, as in `2026-07-30`. */
  readonly date: string;
}

/** `undefined` where the source itself is run: `deno task compile` puts another module in the place of this one. */
export const BUILD: BuildInfo | undefined = undefined;
