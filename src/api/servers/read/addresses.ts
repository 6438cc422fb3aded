/** The addresses of a server by network name, in NIC order; and the two routes that show them. */
import ipaddr from 'ipaddr.js';
import { ComputeError } from '#core/errors.ts';
import type { ShownServer } from '#contracts/store/server-selection.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from './find.ts';

export interface AddressView {
  version: 4 | 6;
  addr: string;
  'OS-EXT-IPS:type'?: 'fixed' | 'floating';
  'OS-EXT-IPS-MAC:mac_addr'?: string;
}

/**
 * Example: `{ red: [{ version: 4, addr: '10.0.0.5', … }] }`; `{}` until ports are bound. Below a
 * network's name the floating IPs follow all others.
 */
export function addressesOf(server: Pick<ShownServer, 'nics'>): Record<string, AddressView[]> {
  const byNetwork: Record<string, AddressView[]> = {};
  for (const type of ['fixed', 'floating'] as const) {
    for (const { vif } of server.nics) {
      if (vif === null) continue;
      const views = (byNetwork[vif.network.name] ??= []);
      for (const { ipAddress, floatingIps = [] } of vif.fixedIps) {
        for (const address of type === 'fixed' ? [ipAddress] : floatingIps) {
          views.push(viewOf(address, type, vif.macAddress));
        }
      }
    }
  }
  return byNetwork;
}

const viewOf = (addr: string, type: 'fixed' | 'floating', macAddress: string): AddressView => ({
  version: ipaddr.IPv6.isValid(addr) ? 6 : 4,
  addr,
  'OS-EXT-IPS:type': type,
  'OS-EXT-IPS-MAC:mac_addr': macAddress,
});

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
