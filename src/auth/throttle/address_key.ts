import {
  formatIpAddress,
  isIpv4,
  parseIpAddress,
} from "../../transport/ip_address.ts";

/** Bytes of an IPv6 address that say which network it is in. */
const NETWORK_BYTES = 8;

/** Whether a client is on this machine, as far as one can tell: `local` is a Unix socket. */
export function isLocal(address: string): boolean {
  const bytes = parseIpAddress(address);
  if (bytes === undefined) return address === "local";
  return isIpv4(bytes) ? bytes[12] === 127 : formatIpAddress(bytes) === "::1";
}

/**
 * The part of an address that one client cannot change at will: all of an IPv4 address, but of an IPv6 address the
 * network alone (64 bits), in which a machine may choose from as many addresses as it likes.
 */
export function addressKey(address: string): string {
  const bytes = parseIpAddress(address);
  if (bytes === undefined) return address;
  return isIpv4(bytes)
    ? formatIpAddress(bytes)
    : `${formatIpAddress(bytes.fill(0, NETWORK_BYTES))}/64`;
}
