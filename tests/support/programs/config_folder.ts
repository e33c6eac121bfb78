import { runProgram, runWith } from "./program.ts";

/** A folder with a configuration in it, for the length of a test. To be had with `await using`. */
export class ConfigFolder implements AsyncDisposable {
  /** The folder. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes one. */
  static async make(): Promise<ConfigFolder> {
    return new ConfigFolder(await Deno.makeTempDir());
  }

  /** A file in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Its configuration file. */
  get config(): string {
    return this.file("mailboxqtt.toml");
  }

  /** Writes a file. */
  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(this.file(name), text);
  }

  /** Gives users passwords, with the program's own command. */
  async passwords(users: Readonly<Record<string, string>>): Promise<void> {
    for (const [user, password] of Object.entries(users)) {
      const input = `${password}\n`;
      const { status, stderr } = await runWith(
        { input },
        "passwd",
        "--batch",
        this.file("users"),
        user,
      );
      if (status !== 0) throw new Error(stderr);
    }
  }

  /** Runs the program with the control socket that is in this folder. */
  control(...args: string[]): ReturnType<typeof runProgram> {
    return runProgram(...args, "--control", this.file("control.sock"));
  }

  /** Clears up. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
