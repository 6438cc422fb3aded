/**
 * What the networks of a server's NICs require of a host besides devices: physical networks and
 * tunnels.
 */
import { ComputeError } from '../errors.ts';
import type { Network } from '../networking/port.ts';
import { physicalNetworkOf } from '../networking/vif-of.ts';

/** `physicalNetworks` sorted, each once. */
export interface NetworkNeeds {
  physicalNetworks: string[];
  isTunneled: boolean;
}

/** Source: Nova `L3_NETWORK_TYPES`. */
const tunnelTypes = new Set(['vxlan', 'gre', 'geneve']);

/**
 * The needs of these networks together. Example: a vlan network on physnet1 and a vxlan one → `{
 * physicalNetworks: ['physnet1'], isTunneled: true }`. Throws `invalid` for a multi-segment network
 * without any physical network. Source: Nova `_get_physnet_tunneled_info`.
 */
export function networkNeeds(networks: readonly Pick<Network, 'id' | 'segments'>[]): NetworkNeeds {
  const needs = networks.map((network) => {
    const physicalNetwork = physicalNetworkOf(network);
    if (network.segments.length > 1 && physicalNetwork === null) {
      throw new ComputeError(
        'invalid',
        `network ${network.id}: none of its ${network.segments.length} segments has a provider:physical_network`,
        { detail: 'no_physical_network_in_segments' },
      );
    }
    const [only, ...others] = network.segments;
    const isTunneled = others.length === 0 && tunnelTypes.has(only?.networkType ?? '');
    return { physicalNetwork, isTunneled };
  });
  const names = needs.flatMap(({ physicalNetwork }) => physicalNetwork ?? []);
  return {
    physicalNetworks: [...new Set(names)].toSorted(),
    isTunneled: needs.some(({ isTunneled }) => isTunneled),
  };
}
