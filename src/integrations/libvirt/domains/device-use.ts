/**
 * Checks that a device is free on this host. libvirt itself checks passed-through functions, but
 * not interfaces under a macvtap, nor vDPA devices.
 */
import { ComputeError } from '#core/errors.ts';
import type { HeldDevice } from '#core/guests/description/held-device.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { DomainView } from './domain-view.ts';

/** `interface`: the host's name of the function's interface or vDPA device; null: it has none. */
export interface WantedDevice {
  address: PciAddress;
  interface: string | null;
}

/**
 * The devices with their interfaces. `nicSources` has those under NICs, `ifnameOf` reads the others
 * from the host.
 */
export async function wantedDevices(
  held: readonly HeldDevice[],
  nicSources: Readonly<Record<string, string>>,
  ifnameOf: (address: PciAddress) => Promise<string | null>,
): Promise<WantedDevice[]> {
  return Promise.all(
    held.map(async ({ address }) => ({
      address,
      interface: nicSources[address] ?? (await ifnameOf(address)),
    })),
  );
}

/**
 * Throws `conflict` when a running domain, Novella's or not, holds one of these. `ownId`: the guest
 * that requires them.
 */
export function refuseDevicesInUse(
  wanted: readonly WantedDevice[],
  domains: readonly DomainView[],
  ownId: string,
): void {
  for (const domain of domains) {
    if (domain.id === ownId || !domain.isActive) continue;
    const held = new Set(domain.held.map(({ address }) => address));
    const interfaces = new Set(domain.devices.flatMap(({ source }) => source ?? []));
    const used = wanted.find(
      (device) =>
        held.has(device.address) || (device.interface !== null && interfaces.has(device.interface)),
    );
    if (used === undefined) continue;
    throw new ComputeError(
      'conflict',
      `PCI device ${used.address} is in use by guest ${domain.name}`,
    );
  }
}
