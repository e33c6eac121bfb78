import { isIpv4, parseIpAddress } from "./ip_address.ts";

/** An address alone, or all that share its first bits: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export class Network {
  readonly #base: Uint8Array;
  readonly #bits: number;
  /** Whether it is one of IPv4: nothing of IPv6 is in it, nor the other way round. */
  readonly #isIpv4: boolean;

  /** Reads one; `undefined` if it is none. */
  static parse(text: string): Network | undefined {
    const [, address, length] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const base = parseIpAddress(address ?? "");
    if (base === undefined) return undefined;
    const width = address!.includes(":") ? 128 : 32;
    const bits = length === undefined ? width : Number(length);
    if (bits > width) return undefined;
    return new Network(base, bits + 128 - width);
  }

  private constructor(base: Uint8Array, bits: number) {
    this.#base = base;
    this.#bits = bits;
    this.#isIpv4 = bits >= 96 && isIpv4(base);
  }

  /** Whether an address, as parseIpAddress gives it, is in it. */
  contains(address: Uint8Array): boolean {
    if (isIpv4(address) !== this.#isIpv4) return false;
    const whole = this.#bits >> 3;
    for (let index = 0; index < whole; index++) {
      if (address[index] !== this.#base[index]) return false;
    }
    const rest = this.#bits & 7;
    return rest === 0 ||
      (address[whole]! ^ this.#base[whole]!) >> (8 - rest) === 0;
  }
}
