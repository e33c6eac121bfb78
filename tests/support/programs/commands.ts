/** Other programs that tests need, where they are there. */

/** Whether a program runs with these arguments and succeeds; its output is thrown away. */
export async function succeeds(
  program: string,
  ...args: string[]
): Promise<boolean> {
  try {
    const options = { args, stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(program, options).output()).success;
  } catch {
    return false;
  }
}

/** Whether file systems can be mounted here for a program alone, and unmounted from outside. */
export const canMount: boolean = await succeeds(
  "unshare",
  "--mount",
  "mount",
  "-t",
  "tmpfs",
  "none",
  "/mnt",
) &&
  await succeeds("nsenter", "--version");
