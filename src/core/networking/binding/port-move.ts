/**
 * What is sent to the network service while a server moves from host to host. Documents only, in
 * order; makes no call.
 */
import type { PciDevice } from '../../pci/devices/device.ts';
import { refuse, type Verdict } from '../../reason.ts';
import type { BindingProfile, Port, PortChange } from '../port.ts';
import { type Allocation, type BoundDevice, bindingProfile } from './port-binding.ts';
import { type VnicType, vnicTraits } from '../vnic-types.ts';

/** A device that a port gets on its new host, with the physical network of its device spec. */
export type MovedDevice = BoundDevice & { physicalNetwork: string | null };

/** One call: change the port; add an inactive binding; make it the active one; drop one. */
export type PortCall =
  | { do: 'update'; portId: string; change: PortChange }
  | {
      do: 'add-binding';
      portId: string;
      host: string;
      vnicType: VnicType;
      profile: BindingProfile;
    }
  | { do: 'activate-binding'; portId: string; host: string }
  | { do: 'drop-binding'; portId: string; host: string };

/**
 * Records in each port that the server is moving to `host`. Source: Nova
 * `_setup_migration_port_profile`.
 * @internal of the recorded cases; moves bind by `src/workflows/moves/move-ports.ts`
 */
export function prepareMove(ports: readonly Port[], serverHost: string, host: string): PortCall[] {
  if (serverHost === host) return [];
  return ports
    .filter((port) => port.bindingHost !== host && port.profile['migrating_to'] !== host)
    .map((port) => update(port, { profile: { ...port.profile, migrating_to: host } }));
}

/**
 * Undoes `prepareMove`, and drops bindings on a host that the server is not on. Source: Nova
 * `setup_networks_on_host`.
 * @internal of the recorded cases; moves bind by `src/workflows/moves/move-ports.ts`
 */
export function cleanUpMove(ports: readonly Port[], serverHost: string, host: string): PortCall[] {
  const cleared = ports
    .filter((port) => 'migrating_to' in port.profile)
    .map((port) => update(port, { profile: withoutMove(port.profile) }));
  if (serverHost === host) return cleared;
  return [
    ...cleared,
    ...ports.map(({ id }): PortCall => ({ do: 'drop-binding', portId: id, host })),
  ];
}

/** Where ports arrive, and what they get there. */
export interface Arrival {
  ports: readonly Port[];
  host: string;
  zone: string;
  /**
   * The device of a port on its new host. undefined: it has none, which is right only with
   * `mayBeMissing`. Not called for ports that hold no device.
   */
  deviceOf: (port: Port) => MovedDevice | undefined;
  /** Unshelve: a port may come without a device. */
  mayBeMissing: boolean;
  /** Live migration has bound the devices already. */
  isLive: boolean;
  allocationOf?: (port: Port) => Allocation | undefined;
}

/**
 * The device that replaces a port's present one: both were claimed for the same PCI request.
 * undefined when there is none. Source: Nova `MigrationContext.get_pci_mapping_for_migration`.
 * @internal of the recorded cases; moves bind by `src/workflows/moves/move-ports.ts`
 */
export function replacementOf<T extends HeldFor>(
  port: Port,
  before: readonly HeldFor[],
  after: readonly T[],
): T | undefined {
  const now = before.find((device) => device.address === port.profile['pci_slot']);
  return now && after.find((device) => device.requestId === now.requestId);
}

/** A device and the PCI request it is held for. */
export type HeldFor = Pick<PciDevice, 'address' | 'requestId'>;

/**
 * Binds every port to its server's new host, with its new device. All or nothing: refused before
 * any call if the new device of a port is unknown. Source: Nova
 * `_update_port_binding_for_instance`.
 * @internal of the recorded cases; moves bind by `src/workflows/moves/move-ports.ts`
 */
export function finishMove(arrival: Arrival): Verdict<{ calls: PortCall[] }> {
  const calls: PortCall[] = [];
  for (const port of arrival.ports) {
    const change = hostChange(port, arrival);
    let profile = change.profile ?? port.profile;
    if (holdsDevice(port) && !arrival.isLive) {
      const device = arrival.deviceOf(port);
      if (device === undefined && !arrival.mayBeMissing) return noNewDevice(port, arrival.host);
      if (device !== undefined) {
        profile = bindingProfile(device, device.physicalNetwork, profile);
        change.profile = profile;
      }
    }
    const allocation = arrival.isLive ? undefined : arrival.allocationOf?.(port);
    if (allocation !== undefined) change.profile = { ...profile, allocation };
    if (Object.keys(change).length > 0) calls.push(update(port, change));
  }
  return { ok: true, calls };
}

/**
 * The profile of a port's second binding, on the host to which its server migrates live: the
 * identity of the new device; details of the card only where the port had them. Source: Nova
 * `_update_migrate_vifs_profile_with_pci`.
 */
function liveMigrationProfile(profile: BindingProfile, device: BoundDevice): BindingProfile {
  const { sriov, vpd } = device.capabilities;
  const has = (key: string) => Boolean(profile[key]) || profile[key] === 0;
  return {
    ...profile,
    pci_slot: device.address,
    pci_vendor_info: `${device.vendorId}:${device.productId}`,
    ...(has('card_serial_number') && { card_serial_number: vpd?.cardSerialNumber ?? null }),
    ...(has('pf_mac_address') && { pf_mac_address: sriov?.pfMacAddress ?? null }),
    ...(has('vf_num') && { vf_num: sriov?.vfNum ?? null }),
    ...(device.macAddress !== null && { device_mac_address: device.macAddress }),
  };
}

/** Adds the binding on the target host. */
export function addBinding(port: Port, host: string, device: BoundDevice | undefined): PortCall {
  const profile = device === undefined ? port.profile : liveMigrationProfile(port.profile, device);
  return { do: 'add-binding', portId: port.id, host, vnicType: port.vnicType, profile };
}

/** Host and owner, unless the port is bound there already. */
function hostChange(port: Port, { host, zone }: Arrival): PortChange {
  const isBroken = port.vifType === 'unbound' || port.vifType === 'binding_failed';
  if (port.bindingHost === host && !isBroken) return {};
  return {
    bindingHost: host,
    deviceOwner: `compute:${zone}`,
    ...('migrating_to' in port.profile && { profile: withoutMove(port.profile) }),
  };
}

function holdsDevice(port: Port): boolean {
  return vnicTraits(port.vnicType).device !== null;
}

function withoutMove(profile: BindingProfile): BindingProfile {
  const { migrating_to: _, ...rest } = profile;
  return rest;
}

function noNewDevice(port: Port, host: string) {
  const slot = JSON.stringify(port.profile['pci_slot'] ?? null);
  return refuse(
    'slot-not-correlated',
    `port ${port.id}: no device on host ${host} was claimed in place of ${slot}`,
    { portId: port.id },
  );
}

function update(port: Port, change: PortChange): PortCall {
  return { do: 'update', portId: port.id, change };
}
