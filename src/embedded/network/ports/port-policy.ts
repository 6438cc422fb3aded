/**
 * Which keys of a port a caller may set. Source: Neutron's default policy, `create_port:…` and
 * `update_port:…`.
 */
import type { StoredNetwork } from '#contracts/store/network-store.ts';
import type { RequestedAddress } from './address-choice.ts';
import { owns, type Rights } from '../requests/context.ts';
import { NetworkError } from '../requests/errors.ts';

/** The parts of a request that the rules check. */
export interface PolicedPort {
  mac_address?: string;
  fixed_ips?: RequestedAddress[];
  device_owner?: string;
  port_security_enabled?: boolean;
  'binding:host_id'?: unknown;
  'binding:profile'?: unknown;
}

type Act = 'create' | 'update';

const services = 'with the role admin or service';
const ownersOrServices = `by the network's owner, or ${services}`;

/**
 * Keys that set where a port is, and the MAC of one that exists, are for administrators and
 * services, regardless of who owns the network. Throws PolicyNotAuthorized. Example: a member's PUT
 * with `mac_address` → "rule:update_port:mac_address is disallowed by policy: …".
 */
export function refusePrivilegedPortKeys(act: Act, rights: Rights, requested: PolicedPort): void {
  if (rights.isPrivileged) return;
  const keys = ['binding:host_id', 'binding:profile'] as const;
  for (const key of act === 'update' ? ([...keys, 'mac_address'] as const) : keys) {
    if (requested[key] !== undefined) throw disallowed(act, key, services);
  }
}

interface OnNetwork {
  rights: Rights;
  requested: PolicedPort;
  /** Reads the port's network; called where it matters. */
  networkOf: () => StoredNetwork | Promise<StoredNetwork>;
}

/**
 * On a network of another project a port is taken as it comes: MAC, addresses and port security
 * (the spoof check of its VF) are for the network's owner to decide, and so are owners `network:…`,
 * whose ports no user can delete. A subnet may be chosen. Throws PolicyNotAuthorized.
 */
export async function refuseKeysOfNetworkOwner(
  act: Act,
  { rights, requested, networkOf }: OnNetwork,
): Promise<void> {
  const key = rights.isPrivileged ? undefined : firstKeyOfOwner(act, requested);
  if (key === undefined || owns(rights, await networkOf())) return;
  throw disallowed(act, key, ownersOrServices);
}

function firstKeyOfOwner(act: Act, requested: PolicedPort): string | undefined {
  if (requested.mac_address !== undefined) return 'mac_address';
  if (requested.port_security_enabled !== undefined) return 'port_security_enabled';
  if (requested.device_owner?.startsWith('network:') === true) return 'device_owner';
  const asksForAddress = requested.fixed_ips?.some(
    ({ ip_address: address }) => address !== undefined,
  );
  if (asksForAddress === true) return 'fixed_ips:ip_address';
  return act === 'update' && requested.fixed_ips !== undefined ? 'fixed_ips' : undefined;
}

function disallowed(act: Act, key: string, who: string): NetworkError {
  return new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    `rule:${act}_port:${key} is disallowed by policy: port.${key} may be set only ${who}.`,
  );
}
