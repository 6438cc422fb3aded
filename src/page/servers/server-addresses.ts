/** Addresses of a server in the compute API. */
import type { ServerDetail } from '../data/compute.ts';

export function addressesOf({ addresses }: Pick<ServerDetail, 'addresses'>): string[] {
  return Object.values(addresses).flatMap((some) => some.map(({ addr }) => addr));
}

/** What a NIC has on which network. Example: `{ network: 'red', addresses: ['10.42.0.12'] }`. */
export function networkOf(
  { addresses }: Pick<ServerDetail, 'addresses'>,
  mac: string | null,
): { network: string; addresses: string[] } | undefined {
  for (const [network, some] of Object.entries(addresses)) {
    const own = some.filter((one) => one['OS-EXT-IPS-MAC:mac_addr'] === mac);
    if (own.length > 0) return { network, addresses: own.map(({ addr }) => addr) };
  }
  return undefined;
}
