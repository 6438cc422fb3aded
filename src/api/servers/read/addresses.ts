/** The addresses of a server by network name, in NIC order; and the two routes that show them. */
import ipaddr from 'ipaddr.js';
import { ComputeError } from '#core/errors.ts';
import type { ShownServer } from '#contracts/store/server-selection.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from './find.ts';

export interface AddressView {
  version: 4 | 6;
  addr: string;
  'OS-EXT-IPS:type'?: 'fixed';
  'OS-EXT-IPS-MAC:mac_addr'?: string;
}

/** Example: `{ red: [{ version: 4, addr: '10.0.0.5', … }] }`; `{}` until ports are bound. */
export function addressesOf(server: Pick<ShownServer, 'nics'>): Record<string, AddressView[]> {
  const byNetwork: Record<string, AddressView[]> = {};
  for (const { vif } of server.nics) {
    if (vif === null) continue;
    const views = vif.fixedIps.map(
      ({ ipAddress }): AddressView => ({
        version: ipaddr.IPv6.isValid(ipAddress) ? 6 : 4,
        addr: ipAddress,
        'OS-EXT-IPS:type': 'fixed',
        'OS-EXT-IPS-MAC:mac_addr': vif.macAddress,
      }),
    );
    byNetwork[vif.network.name] = [...(byNetwork[vif.network.name] ?? []), ...views];
  }
  return byNetwork;
}

/** The same with version and address only, as `/ips` and old PUT replies show them. */
export function plainAddressesOf(server: Pick<ShownServer, 'nics'>): Record<string, AddressView[]> {
  return Object.fromEntries(
    Object.entries(addressesOf(server)).map(([network, views]) => [
      network,
      views.map(({ version, addr }) => ({ version, addr })),
    ]),
  );
}

export async function listAddresses(call: Call): Promise<Reply> {
  return { body: { addresses: plainAddressesOf(await findServer(call)) } };
}

export async function showAddresses(call: Call): Promise<Reply> {
  const label = call.params['label'] ?? '';
  const views = plainAddressesOf(await findServer(call))[label];
  if (views === undefined) throw new ComputeError('notFound', `Network name ${label} not found`);
  return { body: { [label]: views } };
}
