/** A domain read from libvirt: its state in the contract's terms, and its host devices. */
import type { HeldDevice } from '#core/guests/description/held-device.ts';
import type { FoundGuest } from '#core/guests/plan/plan.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { DomainRow } from '../child/child-messages.ts';
import { type DomainDevice, domainDevices } from './domain-devices.ts';
import { isStandby } from '../xml/standby-alias.ts';
import { type GuestMetadata, readMetadata } from '../xml/domain-metadata.ts';
import { domainState } from '../xml/libvirt-numbers.ts';

export interface DomainView {
  id: string;
  name: string;
  state: FoundGuest['state'];
  /** Whether QEMU runs and has its devices. */
  isActive: boolean;
  /** undefined: not Novella's domain. */
  metadata: GuestMetadata | undefined;
  devices: DomainDevice[];
  /** Of the running domain, or of its definition when it does not run. */
  held: HeldDevice[];
  /** The host's interface under each macvtap, or its vDPA device, by its function. */
  nicSources: Record<string, string>;
}

export function viewOf(row: DomainRow): DomainView {
  const metadata = readMetadata(row.xml);
  const devices = domainDevices(row.xml);
  const pairs = heldBy(devices, metadata);
  return {
    id: row.id,
    name: row.name,
    state: stateOf(row),
    isActive: row.state !== domainState.shutOff,
    metadata,
    devices,
    held: pairs.map(({ held }) => held),
    nicSources: Object.fromEntries(
      pairs.flatMap(({ device, held }) =>
        device.source === null ? [] : [[held.address, device.source]],
      ),
    ),
  };
}

export function foundGuest({ id, name, state, held }: DomainView): FoundGuest {
  return { id, name, state, devices: held };
}

function stateOf({ state, isSaved }: DomainRow): FoundGuest['state'] {
  switch (state) {
    case domainState.paused:
      return 'paused';
    case domainState.crashed:
      return 'crashed';
    case domainState.shutOff:
      return isSaved ? 'saved' : 'shutOff';
    default:
      // A domain that is shutting down still holds its devices.
      return 'running';
  }
}

/**
 * The PCI devices of these elements. The metadata supplies the device where an element does not
 * name it (a macvtap, a vDPA device, a NIC through a network), and the settings applied to each.
 */
function heldBy(
  devices: DomainDevice[],
  metadata: GuestMetadata | undefined,
): { device: DomainDevice; held: HeldDevice }[] {
  const records = (metadata?.ports ?? []).flatMap((port) =>
    port.device === null ? [] : [{ macAddress: port.macAddress.toLowerCase(), held: port.device }],
  );
  return devices.flatMap((device) => {
    if (isStandby(device)) return [];
    const { address, macAddress, isMacvtap } = device;
    const record = records.find(({ held, ...port }) => {
      if (address !== null) return held.address === address;
      // A NIC through an inactive network shows neither device nor kind.
      return port.macAddress === macAddress && (!isMacvtap || held.through === 'macvtap');
    });
    if (record !== undefined) return [{ device, held: record.held }];
    return address === null ? [] : [{ device, held: wholeDevice(device, address) }];
  });
}

function wholeDevice({ isUnmanaged }: DomainDevice, address: PciAddress): HeldDevice {
  const held: HeldDevice = { address, through: 'hostdev', isConfigured: false, trust: false };
  return isUnmanaged ? { ...held, isUnmanaged } : held;
}
