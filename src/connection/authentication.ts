import type {
  Applicant,
  Authenticator,
  Denial,
  Exchange,
  Identity,
  Step,
} from "../auth/methods/method.ts";
import { encode } from "../codec/encode/encode.ts";
import {
  type Auth,
  type Connect,
  PacketType,
  type Properties,
} from "../codec/packet.ts";
import { type PacketError, protocolError } from "../codec/packet_error.ts";
import { ReasonCode } from "../codec/reason_code.ts";
import type { Transport } from "../transport/transport.ts";
import type { Refusal } from "./handshake.ts";

/** The reason codes of denials. */
const DENIAL_CODES: Readonly<Record<Denial["cause"], ReasonCode>> = {
  badUserNameOrPassword: ReasonCode.BadUserNameOrPassword,
  notAuthorized: ReasonCode.NotAuthorized,
  banned: ReasonCode.Banned,
  busy: ReasonCode.ServerBusy,
};

/** What a client says of itself with its CONNECT. */
export function applicantOf(
  connect: Connect,
  transport: Transport,
): Applicant {
  return {
    clientId: connect.clientId,
    userName: connect.username,
    password: connect.password?.slice(),
    address: transport.host,
    certificate: transport.certificate,
  };
}

/** Characters of a user's name that the log shows. */
const LONGEST_NAME = 100;

/** The refusal of a client that was found not to be welcome, and of the user that it says it is. */
export function denialRefusal(
  { cause, detail: note }: Denial,
  user: string | undefined,
): Refusal {
  const code = DENIAL_CODES[cause];
  return { cause, code, note, user: user?.slice(0, LONGEST_NAME) };
}

/** The refusal of a client whose authentication method there is not [MQTT-4.12.0-1]. */
export const UNKNOWN_METHOD: Refusal = {
  cause: "badAuthenticationMethod",
  code: ReasonCode.BadAuthenticationMethod,
  detail: "Cannot authenticate: there is no such authentication method here",
};

/** An AUTH of ours. All of them name the method of CONNECT [MQTT-4.12.0-5]. */
export function encodeAuth(
  reasonCode: ReasonCode,
  method: string,
  data: Uint8Array | undefined,
): Uint8Array {
  return encode({
    type: PacketType.Auth,
    reasonCode,
    properties: methodProperties(method, data),
  }, 5);
}

/** The properties that name a method and carry its data; none for a client that named no method. */
export function methodProperties(
  method: string | undefined,
  data: Uint8Array | undefined,
): Properties {
  if (method === undefined) return {};
  return {
    authenticationMethod: method,
    ...(data && { authenticationData: data }),
  };
}

/** What is wrong with an AUTH that the client sends, if anything: it must name the same method as CONNECT [MQTT-4.12.0-5]. */
export function faultOfAuth(
  packet: Auth,
  method: string,
  expected: ReasonCode,
): PacketError | undefined {
  if (packet.properties.authenticationMethod !== method) {
    return protocolError(
      "Cannot take AUTH: it names another method than CONNECT",
    );
  }
  if (packet.reasonCode === expected) return undefined;
  return protocolError(
    expected === ReasonCode.ReAuthenticate
      ? "Cannot take AUTH: no authentication is under way"
      : "Cannot take AUTH: an authentication is under way",
  );
}

/** The connection of a client that authenticates again. */
export interface ReauthenticationHost {
  /** Sends an AUTH to the client. */
  send(packet: Uint8Array): void;
  /** Ends the client, which was denied [MQTT-4.12.1-2]. */
  denied(denial: Denial): void;
  /** Ends the client for an error of ours. */
  fault(error: unknown): void;
}

/** What a {@linkcode Reauthentication} works with. */
export interface ReauthenticationOptions {
  /** Who the client was found to be. */
  readonly identity: Identity;
  /** The method that CONNECT named. */
  readonly method: string;
  /** What CONNECT said; its password is not kept. */
  readonly applicant: Applicant;
  /** Finds out anew. */
  readonly authenticator: Authenticator | undefined;
  /** Told what comes of it. */
  readonly owner: ReauthenticationHost;
}

/** Lets a client show anew who it is, as often as it likes, while everything else goes on (4.12.1). */
export class Reauthentication {
  readonly #options: ReauthenticationOptions;
  #exchange: Exchange | undefined;
  /** Whether the client has to wait for an answer to its last AUTH. */
  #busy = false;

  /** For a client that was let in. */
  constructor(options: ReauthenticationOptions) {
    const applicant = { ...options.applicant, password: undefined };
    this.#options = { ...options, applicant };
  }

  /** Takes an AUTH; returns what is wrong with it, if anything. The answer follows when it is found. */
  take(packet: Auth): PacketError | undefined {
    const { method, applicant, authenticator, owner } = this.#options;
    const expected = this.#exchange === undefined
      ? ReasonCode.ReAuthenticate
      : ReasonCode.ContinueAuthentication;
    const fault = faultOfAuth(packet, method, expected);
    if (fault !== undefined) return fault;
    if (this.#busy) {
      return protocolError("Cannot take AUTH: the last one is not answered");
    }
    this.#exchange ??= authenticator?.begin(applicant, method);
    if (this.#exchange === undefined) {
      return protocolError(
        "Cannot take AUTH: its method is there no more",
      );
    }
    this.#busy = true;
    this.#exchange.take(packet.properties.authenticationData?.slice())
      .then((step) => this.#go(step))
      .catch((error) => owner.fault(error));
    return undefined;
  }

  #go(step: Step): void {
    const { identity, method, owner } = this.#options;
    this.#busy = false;
    switch (step.type) {
      case "continue":
        owner.send(
          encodeAuth(ReasonCode.ContinueAuthentication, method, step.data),
        );
        return;
      case "denied":
        owner.denied(step.denial);
        return;
      case "granted":
        this.#exchange = undefined;
        if (step.identity.user !== identity.user) {
          owner.denied({
            cause: "notAuthorized",
            detail: `It authenticated again as ${
              JSON.stringify(step.identity.user)
            }, not as ${JSON.stringify(identity.user)}`,
          });
          return;
        }
        owner.send(encodeAuth(ReasonCode.Success, method, step.data));
    }
  }
}
