import type {
  Applicant,
  AuthenticationMethod,
  Exchange,
  Identity,
} from "./method.ts";
import { granted } from "./steps.ts";

const BY = "nothing";

/** Lets clients in that show nothing of who they are. */
export class AnonymousMethod implements AuthenticationMethod {
  /** It needs nothing but CONNECT. */
  readonly name: undefined = undefined;
  readonly #allNames: boolean;

  /**
   * `allNames` lets those in too that give a user name, which nobody can check where there are no users. They are
   * anonymous all the same: a name that nobody has checked gives no rights.
   */
  constructor({ allNames }: { readonly allNames: boolean }) {
    this.#allNames = allNames;
  }

  /** Lets it in. */
  begin({ userName }: Applicant): Exchange | undefined {
    if (userName !== undefined && !this.#allNames) return undefined;
    return granted({ user: undefined, by: BY, credential: "" });
  }

  /** Whether it was let in by this method. */
  holds({ by }: Identity): boolean {
    return by === BY;
  }
}
