/**
 * A domain read from libvirt: its state in our words, and the devices of the host that it holds.
 */
import type { HeldDevice } from '#core/guests/description/held-device.ts';
import type { FoundGuest } from '#core/guests/plan/plan.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { DomainRow } from '../child/child-messages.ts';
import { type DomainDevice, domainDevices } from './domain-devices.ts';
import { type GuestMetadata, readMetadata } from '../xml/domain-metadata.ts';
import { domainState } from '../xml/libvirt-numbers.ts';

export interface DomainView {
  id: string;
  name: string;
  state: FoundGuest['state'];
  /** Does QEMU run, and have its devices? */
  isActive: boolean;
  /** undefined: somebody else's domain. */
  metadata: GuestMetadata | undefined;
  devices: DomainDevice[];
  /** Of the running domain, or of its definition when it does not run. */
  held: HeldDevice[];
  /** The host's interface under each macvtap, by its function. */
  macvtapSources: Record<string, string>;
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
    macvtapSources: Object.fromEntries(
      pairs.flatMap(({ device, held }) =>
        device.isMacvtap && device.source !== null ? [[held.address, device.source]] : [],
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
      // One that is on its way down still holds its devices.
      return 'running';
  }
}

/**
 * The PCI devices of these elements. The metadata knows the device of an element that does not name
 * it (a macvtap, a vDPA device, a NIC through a network), and what was set on each.
 */
function heldBy(
  devices: DomainDevice[],
  metadata: GuestMetadata | undefined,
): { device: DomainDevice; held: HeldDevice }[] {
  const records = (metadata?.ports ?? []).flatMap((port) =>
    port.device === null ? [] : [{ macAddress: port.macAddress.toLowerCase(), held: port.device }],
  );
  return devices.flatMap((device) => {
    const { address, macAddress, isMacvtap } = device;
    const record = records.find(({ held, ...port }) => {
      if (address !== null) return held.address === address;
      // A NIC through a network that is not started says neither device nor kind.
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
