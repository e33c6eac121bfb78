import type { Carrier } from "./node_socket.ts";

/** What stands for the carrier of a socket that by itself stops reading when nobody takes what has come. */
export const SELF_LIMITING: Carrier = {
  allowance: Infinity,
  onExcess: () => {},
  _read: () => {},
};
