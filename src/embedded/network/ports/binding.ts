/**
 * The binding of a port to a host: VIF type, details and status. Source: recorded answers of
 * Neutron's SR-IOV driver.
 */
import type { StoredNetwork, StoredPort } from '#contracts/store/network-store.ts';
import type { VnicType } from '#core/networking/vnic-types.ts';
import type { HostMappings } from '../requests/context.ts';

/** The fields of a port that decide how it is bound. */
export type BindablePort = Pick<
  StoredPort,
  'id' | 'bindingHost' | 'vnicType' | 'portSecurityEnabled' | 'adminStateUp'
>;

export type Binding = Pick<StoredPort, 'vifType' | 'vifDetails' | 'status'>;

/** Of a port on no host. */
export const unbound: Binding = { vifType: 'unbound', vifDetails: {}, status: 'DOWN' };
const failed: Binding = { vifType: 'binding_failed', vifDetails: {}, status: 'DOWN' };

/** Bridge names keep what fits a Linux interface name. Example: `brq1b4e28ba-2f`. */
const bridgeNameLength = 14;

/**
 * Example: direct on VLAN 42 of physnet1, host with physnet1 → hw_veb, vlan '42' (text; '0' on a
 * flat network). `binding_failed` when the host is unknown, lacks the physical network, or
 * makes no such NIC. vdpa, remote-managed and virtio-forwarder ports need a switch of the host that
 * its operator wires; it serves every network. Local and tunnelled networks have no other SR-IOV
 * ports. A bound port is ACTIVE at once: no agent wires it later.
 */
export function bindPort(
  port: BindablePort,
  network: StoredNetwork,
  hostMappings: HostMappings,
): Binding {
  if (port.bindingHost === '') return unbound;
  const host = hostMappings(port.bindingHost);
  if (host === undefined) return failed;
  const { physicalNetwork } = network;
  if (physicalNetwork !== null && !host.physicalNetworks.has(physicalNetwork)) return failed;
  const offloaded = offloadedVifTypes[port.vnicType];
  if (offloaded !== undefined) {
    if (host.offloadBridge === null) return failed;
    const vifDetails = offloadedDetails(offloaded, host.offloadBridge, port);
    return { vifType: offloaded, vifDetails, status: 'ACTIVE' };
  }
  const vifType = vifTypes[port.vnicType];
  if (vifType === undefined) return failed;
  if (physicalNetwork === null && vifType !== 'bridge') return failed;
  return { vifType, vifDetails: vifDetails(vifType, network, port), status: 'ACTIVE' };
}

/**
 * Whether the port's binding stays as it is: it was made, for this host and kind of NIC, and
 * nothing else that it depends on has changed. A host that has not reported yet since the start may
 * seem to have no such NIC.
 */
export function keepsBinding(before: StoredPort, port: BindablePort): boolean {
  const isMade = before.vifType !== unbound.vifType && before.vifType !== failed.vifType;
  if (!isMade || port.bindingHost !== before.bindingHost) return false;
  if (port.vnicType !== before.vnicType) return false;
  if (offloadedVifTypes[port.vnicType] !== undefined) return true;
  return (
    port.portSecurityEnabled === before.portSecurityEnabled &&
    port.adminStateUp === before.adminStateUp
  );
}

/** Source: recorded answers of Neutron's Open vSwitch and OVN drivers. */
const offloadedVifTypes: Partial<Record<VnicType, string>> = {
  vdpa: 'ovs',
  'remote-managed': 'ovs',
  'virtio-forwarder': 'vhostuser',
};

// oxlint-disable-next-line max-params -- what, where and for which port
function offloadedDetails(
  vifType: string,
  bridge: string,
  { id }: BindablePort,
): Record<string, unknown> {
  const details = { port_filter: false, connectivity: 'l2', bridge_name: bridge };
  if (vifType !== 'vhostuser') return details;
  const socket = `/var/run/openvswitch/${`vhu${id}`.slice(0, bridgeNameLength)}`;
  return { ...details, vhostuser_socket: socket, vhostuser_mode: 'server' };
}

const vifTypes: Partial<Record<VnicType, string>> = {
  normal: 'bridge',
  direct: 'hw_veb',
  macvtap: 'hw_veb',
  'direct-physical': 'hostdev_physical',
};

function vifDetails(
  vifType: string,
  network: StoredNetwork,
  { portSecurityEnabled, adminStateUp }: BindablePort,
): Record<string, unknown> {
  const details = { port_filter: false, connectivity: 'l2' };
  if (vifType === 'bridge') {
    return {
      ...details,
      bridge_name: `brq${network.id}`.slice(0, bridgeNameLength),
      // No agent of a network service makes the bridge: the host gets the instructions.
      bridge_wiring: {
        physical_network: network.physicalNetwork,
        vlan: network.networkType === 'vlan' ? network.segmentationId : null,
      },
    };
  }
  const vlan = String(network.segmentationId ?? 0);
  if (vifType !== 'hw_veb') return { ...details, vlan };
  return {
    ...details,
    vlan,
    // No NIC agent sets the VF: the host does. Source: Neutron's SR-IOV NIC agent, `treat_device`.
    vf_settings: {
      spoof_check: portSecurityEnabled,
      link_state: adminStateUp ? 'auto' : 'disable',
    },
  };
}
