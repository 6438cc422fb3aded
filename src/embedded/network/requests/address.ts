/** IP addresses as numbers: parse, print, range of a CIDR. */
import ipaddr from 'ipaddr.js';

/** Example: 10.0.0.5 → `{ version: 4, value: 167772165n }`. */
export interface Address {
  version: 4 | 6;
  value: bigint;
}

/**
 * `first` and `last` are the hosts of it: without network and broadcast address where those exist.
 */
export interface Cidr {
  version: 4 | 6;
  prefix: number;
  base: bigint;
  end: bigint;
  first: bigint;
  last: bigint;
}

/** undefined for an invalid address, IPv4 in other than four decimal parts, and scoped IPv6. */
export function parseAddress(text: string): Address | undefined {
  const isFour = ipaddr.IPv4.isValidFourPartDecimal(text);
  if (!isFour && (text.includes('%') || !ipaddr.IPv6.isValid(text))) return undefined;
  const bytes = ipaddr.parse(text).toByteArray();
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { version: isFour ? 4 : 6, value };
}

/** Example: `{ version: 6, value: 1n }` → `::1`. */
export function printAddress({ version, value }: Address): string {
  const length = version === 4 ? 4 : 16;
  const bytes = Array.from({ length }, (_, index) =>
    Number((value >> BigInt(8 * (length - 1 - index))) & 255n),
  );
  if (version === 4) return bytes.join('.');
  return ipaddr.fromByteArray(bytes).toString();
}

/**
 * Host bits are cut off. Example: `10.0.0.7/24` → 10.0.0.0 to 10.0.0.255, hosts .1 to .254.
 * undefined for an invalid CIDR.
 */
export function parseCidr(text: string): Cidr | undefined {
  const [host = '', length = '', ...rest] = text.split('/');
  const address = parseAddress(host);
  const bits = address?.version === 4 ? 32 : 128;
  const prefix = Number(length);
  if (address === undefined || rest.length > 0 || !/^\d+$/.test(length) || prefix > bits) {
    return undefined;
  }
  const size = 1n << BigInt(bits - prefix);
  const base = address.value - (address.value % size);
  const end = base + size - 1n;
  const hasEnds = size > 2n;
  const first = hasEnds ? base + 1n : base;
  const last = hasEnds && address.version === 4 ? end - 1n : end;
  return { version: address.version, prefix, base, end, first, last };
}

/** Example: `10.0.0.0/24`. */
export function printCidr({ version, prefix, base }: Cidr): string {
  return `${printAddress({ version, value: base })}/${prefix}`;
}

/** Is it an address of this range, its ends included? */
export function contains(cidr: Cidr, address: Address): boolean {
  return (
    address.version === cidr.version && address.value >= cidr.base && address.value <= cidr.end
  );
}

/** Do they share an address? */
export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.version === other.version && one.base <= other.end && other.base <= one.end;
}
