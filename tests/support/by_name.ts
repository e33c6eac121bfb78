import type {
  Applicant,
  Authenticator,
} from "../../src/auth/methods/method.ts";

/** Takes everybody for the user that CONNECT names, and asks for nothing. */
export const BY_NAME: Authenticator = {
  begin: ({ userName: user }: Applicant) => {
    const identity = { user, by: "name", credential: "" };
    return {
      claimed: undefined,
      take: () => Promise.resolve({ type: "granted", identity }),
    };
  },
  holds: () => true,
};
