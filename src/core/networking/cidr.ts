/**
 * Networks as text: `10.42.0.0/24` → address and mask. Addresses are not checked; the network
 * service has done that.
 */

/**
 * The two halves of a network. Example: `10.42.0.0/24` → `{ address: '10.42.0.0', netmask:
 * '255.255.255.0' }`, `fd00::/64` → `{ address: 'fd00::', netmask: 'ffff:ffff:ffff:ffff::' }`.
 * Without a prefix it is one address.
 */
export function splitCidr(cidr: string): { address: string; netmask: string } {
  const [address = '', prefix] = cidr.split('/');
  if (address.includes(':')) return { address, netmask: netmask6(Number(prefix ?? 128)) };
  return { address, netmask: groups(Number(prefix ?? 32), 4, 8).join('.') };
}

/**
 * Written according to RFC 5952: the zeros at the end are `::` where there are two groups of them
 * or more.
 */
function netmask6(prefix: number): string {
  const all = groups(prefix, 8, 16);
  const set = all.filter((group) => group > 0).map((group) => group.toString(16));
  return set.length <= 6 ? `${set.join(':')}::` : all.map((group) => group.toString(16)).join(':');
}

/**
 * The mask as numbers of the given width in bits. Example: 20 bits in groups of 8 → 255, 255, 240,
 * 0.
 */
function groups(prefix: number, count: number, bits: number): number[] {
  return Array.from({ length: count }, (_, at) => {
    const ones = Math.min(bits, Math.max(0, prefix - at * bits));
    return 2 ** bits - 2 ** (bits - ones);
  });
}
