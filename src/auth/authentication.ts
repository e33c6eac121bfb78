import type { Log } from "../core/log.ts";
import { AnonymousMethod } from "./methods/anonymous.ts";
import {
  type CertificateIdentity,
  CertificateMethod,
  WithCertificate,
} from "./methods/certificate.ts";
import type { Claim, LoginThrottle } from "./throttle/login_throttle.ts";
import type { LateAnswers } from "./methods/late_answers.ts";
import type {
  Applicant,
  AuthenticationMethod,
  Authenticator,
  Exchange,
  Identity,
  Step,
} from "./methods/method.ts";
import { PasswordMethod } from "./methods/password.ts";
import type { PasswordVerifier } from "./passwords/verifier.ts";
import { ScramMethod } from "./methods/scram.ts";
import { denied, settled } from "./methods/steps.ts";
import type { Users } from "./passwords/users.ts";

/** How clients of one listener show who they are. */
export interface AuthenticationSettings {
  /** Users with passwords. */
  readonly users?: Users | undefined;
  /** Users by certificates. */
  readonly certificates?: {
    /** Where in a certificate the name is. */
    readonly identity: CertificateIdentity;
    /** Whether the user's password is needed beside it. If not, a certificate is enough, and who has none shows a password. */
    readonly withPassword: boolean;
  } | undefined;
  /** Whether clients are let in that show nothing. With `users`, those alone that give no user name. */
  readonly anonymous: boolean;
}

/** What an {@linkcode Authentication} works with. All listeners of a broker share these. */
export interface AuthenticationOptions {
  /** Looks at passwords. */
  readonly verifier: PasswordVerifier;
  /** Slows down who guesses. */
  readonly loginThrottle: LoginThrottle;
  /** Lets answers wait. */
  readonly lateAnswers: LateAnswers;
  /** Where is told what goes wrong here. */
  readonly log: Log;
}

/** Finds out who the clients of one listener are, by all the methods that its settings allow. */
export class Authentication implements Authenticator {
  readonly #options: AuthenticationOptions;
  readonly #methods: readonly AuthenticationMethod[];

  /** Goes by these settings; others need another one. */
  constructor(
    settings: AuthenticationSettings,
    options: AuthenticationOptions,
  ) {
    this.#options = options;
    this.#methods = this.#methodsOf(settings);
  }

  /**
   * Begins with a client that connects. `name` is the Authentication Method of its CONNECT, if it has one
   * [3.1.2.11.9]; `undefined` where there is none of that name. Where no method has anything to go by, the exchange ends
   * with its first step.
   */
  begin(
    applicant: Applicant,
    name: string | undefined,
  ): Exchange | undefined {
    const methods = this.#methods.filter((method) => method.name === name);
    if (name !== undefined && methods.length === 0) return undefined;
    for (const method of methods) {
      const exchange = method.begin(applicant);
      if (exchange === undefined) continue;
      return this.#damped(applicant, exchange);
    }
    return settled(denied(
      "notAuthorized",
      applicant.userName === undefined
        ? "neither user name nor certificate"
        : "there are no users, and anonymous clients are not allowed",
    ));
  }

  /** Whether what a client was let in with still holds. */
  holds(identity: Identity): boolean {
    return this.#methods.some((method) => method.holds(identity));
  }

  /** The methods in the order in which they are asked. */
  #methodsOf(
    { users, certificates, anonymous }: AuthenticationSettings,
  ): AuthenticationMethod[] {
    const methods: AuthenticationMethod[] = [];
    if (certificates?.withPassword === false) {
      methods.push(new CertificateMethod(certificates.identity));
    }
    if (users !== undefined) {
      const { verifier, loginThrottle } = this.#options;
      const withPasswords = [
        new PasswordMethod({
          users,
          verifier,
          wanted: (applicant, user) =>
            loginThrottle.bannedFor({ ...applicant, user }) === 0,
        }),
        new ScramMethod({ users }),
      ];
      methods.push(
        ...certificates?.withPassword
          ? withPasswords.map((method) =>
            new WithCertificate(certificates.identity, method)
          )
          : withPasswords,
      );
    }
    if (anonymous) {
      methods.push(new AnonymousMethod({ allNames: users === undefined }));
    }
    return methods;
  }

  /** The exchange with guessing made slow. */
  #damped(
    applicant: Applicant,
    exchange: Exchange,
  ): Exchange {
    const { loginThrottle, lateAnswers } = this.#options;
    const claim = (): Claim | undefined =>
      exchange.claimed === undefined
        ? undefined
        : { ...applicant, user: exchange.claimed };

    const ban = (): Step | undefined => {
      const claimed = claim();
      const left = claimed === undefined ? 0 : loginThrottle.bannedFor(claimed);
      if (left <= 0) return undefined;
      loginThrottle.refused();
      const seconds = Math.ceil(left / 1000);
      return denied("banned", `refused for ${seconds} s more after failures`);
    };

    const take = async (data: Uint8Array | undefined): Promise<Step> => {
      const refused = ban();
      if (refused !== undefined) return refused;
      const step = await this.#step(exchange, data);
      switch (step.type) {
        case "continue":
          return step;
        case "granted": {
          const claimed = claim();
          if (claimed !== undefined) loginThrottle.succeeded(claimed);
          return step;
        }
        case "denied": {
          const claimed = claim();
          const isGuess = step.denial.cause === "badUserNameOrPassword";
          if (claimed !== undefined && isGuess) {
            await lateAnswers.wait(loginThrottle.failed(claimed));
          }
          return step;
        }
      }
    };

    return {
      get claimed() {
        return exchange.claimed;
      },
      take,
    };
  }

  async #step(
    exchange: Exchange,
    data: Uint8Array | undefined,
  ): Promise<Step> {
    try {
      return await exchange.take(data);
    } catch (error) {
      this.#options.log.error("Cannot find out who a client is", {
        error: error instanceof Error ? error : String(error),
      });
      return denied("busy", "its password could not be looked at");
    }
  }
}
