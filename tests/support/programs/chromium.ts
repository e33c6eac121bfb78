/** Debian's Chromium without a window, which loads one page. */

/** Where Debian has it. */
const CHROMIUM = "/usr/bin/chromium";

/** What it must not do by itself, and what root needs. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** Whether it is there. */
export const HAS_CHROMIUM: boolean = isThere(CHROMIUM);

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A browser. To be had with `await using`. */
export class Chromium implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(process: Deno.ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts one that loads a page. It takes certificates of these keys, each the SHA-256 of its SPKI in base64. */
  static async open(url: string, spki: readonly string[]): Promise<Chromium> {
    const folder = await Deno.makeTempDir();
    const process = new Deno.Command(CHROMIUM, {
      args: [
        ...FLAGS,
        `--user-data-dir=${folder}`,
        `--ignore-certificate-errors-spki-list=${spki.join(",")}`,
        "--remote-debugging-port=0",
        url,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new Chromium(process, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#process.status;
    // Its helpers may still write for a moment.
    for (let left = 50; left > 0; left--) {
      try {
        return await Deno.remove(this.#folder, { recursive: true });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}
