/**
 * Converts the network service's port and network to what the host receives. Independent of how the
 * service is called.
 */
import type { Network, NetworkSegment, Port } from './port.ts';
import type { Vif } from './vif.ts';

/**
 * The segment whose physical network counts: the first that has one. undefined for a tunnelled
 * network. Example: segments vxlan and vlan 42 on physnet1 → the vlan one. Source: Nova
 * `_get_physnet_tunneled_info`.
 */
export function physicalSegmentOf(network: Pick<Network, 'segments'>): NetworkSegment | undefined {
  return network.segments.find((segment) => segment.physicalNetwork !== null);
}

/**
 * The physical network an SR-IOV port of this network needs, or null when it is tunnelled (a legal
 * request).
 */
export function physicalNetworkOf(network: Pick<Network, 'segments'>): string | null {
  return physicalSegmentOf(network)?.physicalNetwork ?? null;
}

/**
 * The NIC that the host must plug, read back from the bound port. `tag` is the user's device role
 * tag. Source: the seed, "nova neutronv2 and VIF"; Nova `_build_vif_model`.
 */
export function vifOf(port: Port, network: Network, tag: string | null): Vif {
  return {
    portId: port.id,
    macAddress: port.macAddress,
    vnicType: port.vnicType,
    vifType: port.vifType,
    details: port.vifDetails,
    profile: port.profile,
    network: {
      id: network.id,
      name: network.name,
      mtu: network.mtu,
      bridge: bridgeOf(port),
      subnets: network.subnets.filter(({ id }) =>
        port.fixedIps.some(({ subnetId }) => subnetId === id),
      ),
    },
    fixedIps: port.fixedIps,
    devName: deviceName('tap', port.id),
    tag,
  };
}

/**
 * A host interface name made of a prefix and an id, cut to the length all tools agree on.
 * Example: `('tap', '6d0f5f54-9a1c-…')` → `tap6d0f5f54-9a`. Source: Nova `NIC_NAME_LEN`.
 */
export function deviceName(prefix: string, id: string): string {
  return `${prefix}${id}`.slice(0, 14);
}

/**
 * The switch that a virtual NIC joins on its host; null where the VIF type has none. Source: Nova
 * `_nw_info_build_network`.
 */
function bridgeOf(port: Port): string | null {
  const named = port.vifDetails['bridge_name'];
  switch (port.vifType) {
    case 'ovs':
    case 'vhostuser':
      return typeof named === 'string' ? named.slice(0, 14) : 'br-int';
    case 'bridge':
      return typeof named === 'string' ? named.slice(0, 14) : deviceName('brq', port.networkId);
    default:
      return null;
  }
}
