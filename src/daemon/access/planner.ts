import type { LoginThrottleCounts } from "../../auth/throttle/login_throttle.ts";
import type { DoorOptions } from "../../connection/doors.ts";
import type { Log } from "../../core/log.ts";
import type { ScopedLimits } from "../../core/scoped_limits.ts";
import type { RightsSource } from "../../session/rights.ts";
import type { AccessFiles } from "../../config/access_files.ts";
import type { Doorkeepers } from "./authenticators.ts";
import { faultsError } from "../../config/given/fault.ts";
import { isOpen } from "./open_listener.ts";
import type { Settings } from "../../config/settings/settings.ts";

/** Who may come in where, do what, and use how much: all of the broker that is loaded anew while it runs. */
export interface AccessPlan {
  /** Where to listen, and who may come in. */
  readonly listeners: readonly DoorOptions[];
  /** Who may do what; `undefined` where everything is allowed. */
  readonly rights: RightsSource | undefined;
  /** What users may use, by their names. */
  readonly userLimits: ReadonlyMap<string, ScopedLimits>;
}

const NO_FILES: AccessFiles = {
  users: new Map(),
  rules: undefined,
  faults: [],
};

/** Plans access by settings, with what is loaded only where they ask for it. */
export class AccessPlanner {
  readonly #log: Log;
  #doorkeepers: Doorkeepers | undefined;

  /** Tells what goes wrong there. */
  constructor(log: Log) {
    this.#log = log;
  }

  /** What guessing at passwords has come to; `undefined` where nobody has had to log in. */
  get damping(): Readonly<LoginThrottleCounts> | undefined {
    return this.#doorkeepers?.damping;
  }

  /**
   * Reads the files that the settings name. Returns what they come to, and what is to be called once that is in force.
   *
   * @throws {StartError} If anything in them is wrong: all of it, one fault a line.
   */
  async plan(
    settings: Settings,
  ): Promise<{ plan: AccessPlan; files: AccessFiles; inForce: () => void }> {
    const files = await this.#read(settings);
    if (files.faults.length > 0) throw faultsError(files.faults);
    const { listeners } = settings;
    if (!listeners.every(isOpen) && this.#doorkeepers === undefined) {
      const { Doorkeepers } = await import("./authenticators.ts");
      this.#doorkeepers = new Doorkeepers(this.#log);
    }
    const doors = this.#doorkeepers?.doors(settings, files) ??
      listeners.map(({ transport: listener, limits }) => ({
        listener,
        limits,
      }));
    const { userLimits } = settings;
    return {
      plan: { listeners: doors, rights: files.rules, userLimits },
      files,
      inForce: () => this.#doorkeepers?.inForce(files),
    };
  }

  /** Ends what was loaded. */
  close(): void {
    this.#doorkeepers?.close();
  }

  async #read(settings: Settings): Promise<AccessFiles> {
    const names = settings.rules !== undefined ||
      settings.listeners.some(({ users }) => users !== undefined);
    if (!names) return NO_FILES;
    const { readAccessFiles } = await import("../../config/access_files.ts");
    return await readAccessFiles(settings);
  }
}
