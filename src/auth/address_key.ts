/** Whether a client is on this machine, as far as one can tell: `local` is a Unix socket. */
export function isLocal(address: string): boolean {
  return address === "local" || address === "::1" ||
    withoutMapping(address).startsWith("127.");
}

/**
 * The part of an address that one client cannot change at will: all of an IPv4 address, but of an IPv6 address the
 * network alone (64 bits), in which a machine may choose from as many addresses as it likes.
 */
export function addressKey(address: string): string {
  const plain = withoutMapping(address);
  if (!plain.includes(":")) return plain;
  const [before = "", after] = plain.replace(/%.*$/, "").toLowerCase()
    .split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const network = [...head, ...after === undefined ? [] : gap, ...tail]
    .slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`;
}

function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
