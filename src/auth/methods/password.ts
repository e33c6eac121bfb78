import type {
  Applicant,
  AuthenticationMethod,
  Exchange,
  Identity,
  Step,
} from "./method.ts";
import type { PasswordVerifier } from "../passwords/verifier.ts";
import { denied } from "./steps.ts";
import { credentialOf, type Users } from "../passwords/users.ts";

const BY = "password";

/** What a {@linkcode PasswordMethod} works with. */
export interface PasswordMethodOptions {
  /** The users in force. */
  readonly users: Users;
  /** What looks at passwords. */
  readonly verifier: PasswordVerifier;
  /** Whether it is of use to look at the password of a user that comes from there: it may have been banned meanwhile. */
  readonly wanted: (applicant: Applicant, user: string) => boolean;
}

/** User name and password of CONNECT, against a password file. */
export class PasswordMethod implements AuthenticationMethod {
  /** It needs nothing but CONNECT. */
  readonly name: undefined = undefined;
  readonly #options: PasswordMethodOptions;

  /** Looks at passwords of these users. */
  constructor(options: PasswordMethodOptions) {
    this.#options = options;
  }

  /** Begins with a client that gives a user name. */
  begin(applicant: Applicant): Exchange | undefined {
    const { userName } = applicant;
    if (userName === undefined) return undefined;
    return {
      claimed: userName,
      take: () => this.#look(applicant, userName),
    };
  }

  /** Whether the line of the user is still the same. */
  holds({ user, by, credential }: Identity): boolean {
    if (by !== BY || user === undefined) return false;
    const entry = this.#options.users.find(user);
    return entry !== undefined && credentialOf(entry) === credential;
  }

  async #look(applicant: Applicant, name: string): Promise<Step> {
    const { users, verifier, wanted } = this.#options;
    if (applicant.password === undefined) {
      return denied("badUserNameOrPassword", "no password");
    }
    const entry = users.find(name);
    const answer = await verifier.verify({
      name,
      entry,
      dummy: users.dummy,
      password: applicant.password,
      asker: applicant.address,
      wanted: () => wanted(applicant, name),
    });
    switch (answer) {
      case "right": {
        const credential = credentialOf(entry!);
        const identity = { user: name, by: BY, credential };
        return { type: "granted", identity };
      }
      case "wrong":
        return denied(
          "badUserNameOrPassword",
          entry === undefined ? "unknown user" : "wrong password",
        );
      case "busy":
        return denied("busy", "too many passwords wait to be looked at");
      case "unwanted":
        return denied("banned", "banned while its password waited");
    }
  }
}
