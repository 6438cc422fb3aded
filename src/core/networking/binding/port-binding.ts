/**
 * Port binding as documents: what is sent to the network service when a server takes a port and
 * when it releases it. Makes no call.
 */
import type { PciDevice } from '../../pci/devices/device.ts';
import type { Reason } from '../../reason.ts';
import { bindingNeed, describeBinder } from './binding-need.ts';
import { describeAgent, type NetworkAgents } from './network-agents.ts';
import type { BindingProfile, Network, Port, PortChange } from '../port.ts';
import { physicalSegmentOf } from '../vif-of.ts';
import { takesDeviceType } from '../vnic-types.ts';

/**
 * Keys of `binding:profile` that Novella writes, and removes at unbind. Source: Nova
 * `_unbind_ports`.
 */
const ownedKeys = [
  'pci_vendor_info',
  'pci_slot',
  'allocation',
  'arq_uuid',
  'physical_network',
  'card_serial_number',
  'vf_num',
  'pf_mac_address',
  'device_mac_address',
] as const;

/** The properties of a device needed for binding. */
export type BoundDevice = Pick<
  PciDevice,
  'address' | 'vendorId' | 'productId' | 'deviceType' | 'macAddress' | 'capabilities'
>;

/**
 * A port about to be bound. `device` null: the NIC takes none. `zone` is the host's availability
 * zone.
 */
export interface Binding {
  port: Pick<Port, 'profile'>;
  serverId: string;
  zone: string;
  host: string;
  device: BoundDevice | null;
  physicalNetwork: string | null;
  /** The provider of the port's resource request (guaranteed bandwidth); absent without one. */
  allocation?: Allocation;
}

/** Resource provider of a port's resource request, or one for each of its groups, by group id. */
export type Allocation = string | Record<string, string>;

/**
 * `binding:profile` for a port that got this device: the keys already there stay, those of the
 * device are set. Example: `{ pci_vendor_info: '8086:10ca', pci_slot: '0000:01:10.0',
 * physical_network: 'physnet1' }`. `physical_network` is sent even when null. Source: the seed,
 * "port update"; Nova `_get_pci_device_profile`.
 */
export function bindingProfile(
  device: BoundDevice,
  physicalNetwork: string | null,
  existing: BindingProfile = {},
): BindingProfile {
  const { sriov, vpd, network } = device.capabilities;
  const isVf = device.deviceType === 'type-VF';
  return {
    ...existing,
    pci_vendor_info: `${device.vendorId}:${device.productId}`,
    pci_slot: device.address,
    physical_network: physicalNetwork,
    ...(isVf &&
      vpd?.cardSerialNumber !== undefined && { card_serial_number: vpd.cardSerialNumber }),
    ...(isVf && sriov?.pfMacAddress !== undefined && { pf_mac_address: sriov.pfMacAddress }),
    ...(isVf && sriov?.vfNum !== undefined && { vf_num: sriov.vfNum }),
    ...(isVf && network !== undefined && network.length > 0 && { capabilities: network }),
    ...(device.deviceType === 'type-PF' &&
      device.macAddress !== null && { device_mac_address: device.macAddress }),
  };
}

/**
 * The change that binds a port to a server on a host. A port that takes a PF also takes over the
 * card's MAC. Source: the seed, "port update"; Nova `_update_ports_for_instance`.
 */
export function bindChange(binding: Binding): PortChange {
  const { port, device, allocation } = binding;
  const existing = allocation === undefined ? port.profile : { ...port.profile, allocation };
  const change: PortChange = {
    deviceId: binding.serverId,
    deviceOwner: `compute:${binding.zone}`,
    bindingHost: binding.host,
  };
  if (device === null) {
    if (Object.keys(existing).length > 0) change.profile = existing;
    return change;
  }
  change.profile = bindingProfile(device, binding.physicalNetwork, existing);
  if (device.deviceType === 'type-PF' && device.macAddress !== null) {
    change.macAddress = device.macAddress;
  }
  return change;
}

/**
 * The change that takes a port off its host: Novella's keys leave the profile, all others stay.
 * With `keepOwner` the port stays the server's (shelve).
 */
export function unbindChange(port: Port, options: { keepOwner?: boolean } = {}): PortChange {
  return {
    ...(options.keepOwner !== true && { deviceId: '', deviceOwner: '' }),
    bindingHost: null,
    profile: withoutOwnedKeys(port.profile),
  };
}

/**
 * A profile without the keys that belong to a binding. Example: `{ pci_slot, colour: 'green' }` →
 * `{ colour: 'green' }`.
 */
function withoutOwnedKeys(profile: BindingProfile): BindingProfile {
  const owned: readonly string[] = ownedKeys;
  return Object.fromEntries(Object.entries(profile).filter(([key]) => !owned.includes(key)));
}

/**
 * Why a port that was read back after binding cannot use the device claimed for it (null: none), as
 * text; undefined when it can. A user may change `binding:vnic_type` until the port is bound: a VF
 * that became a direct-physical NIC would leave the port's VLAN and MAC behind.
 */
export function vnicTypeProblem(
  port: Pick<Port, 'id' | 'vnicType'>,
  device: Pick<PciDevice, 'deviceType'> | null,
): string | undefined {
  if (takesDeviceType(port.vnicType, device?.deviceType ?? null)) return undefined;
  return `port ${port.id}: its binding:vnic_type was changed to ${port.vnicType} while it was being bound`;
}

/** Where a port was to be bound. `agents`: those of the network service, where they are known. */
export interface BindingPlace {
  host: string;
  network: Network;
  agents?: NetworkAgents | undefined;
}

/**
 * Why a port that was read back after binding cannot be used on this host, as text; undefined when
 * it can. Checks that the binding was made, and that the VLAN to set is the network's.
 */
export function bindingProblem(port: Port, place: BindingPlace): Reason | undefined {
  const { host, network } = place;
  if (port.vifType === 'binding_failed' || port.vifType === 'unbound' || port.vifType === '') {
    return notBound(port, place);
  }
  const segment = physicalSegmentOf(network);
  const vlan = port.vifDetails['vlan'];
  if (vlan === undefined || segment?.networkType !== 'vlan') return undefined;
  if (Number(vlan) === segment.segmentationId) return undefined;
  return {
    code: 'port-binding-vlan',
    message:
      `port ${port.id} was bound on host ${host} with VLAN ${JSON.stringify(vlan)}, ` +
      `but network ${network.id} is VLAN ${segment.segmentationId} on ${segment.physicalNetwork}`,
    data: { portId: port.id, host, vlan, expected: segment.segmentationId },
  };
}

function notBound(port: Port, { host, network, agents }: BindingPlace): Reason {
  const segment = physicalSegmentOf(network);
  const where =
    segment === undefined ? 'a tunnelled network' : `physical network ${segment.physicalNetwork}`;
  const wanted = describeBinder(bindingNeed(port, network));
  const found = agents?.on(host).map(describeAgent).join(', ');
  return {
    code: 'port-binding-failed',
    message:
      `port ${port.id} could not be bound on host ${host}: no agent or mechanism driver of the network ` +
      `service on that host serves vnic type ${port.vnicType} on ${where} (vif_type "${port.vifType}")` +
      (wanted === undefined ? '' : `; that takes ${wanted}`) +
      (found === undefined ? '' : `; agents on that host: ${found || 'none'}`),
    data: { portId: port.id, host, vnicType: port.vnicType, vifType: port.vifType },
  };
}
