/**
 * Facts of a function from sysfs and iproute2 before it is passed through. Source: Linux
 * `Documentation/ABI/testing/sysfs-bus-pci`.
 */
import { join } from 'node:path';
import type { DeviceFacts } from '#core/guests/plan/hand-over.ts';
import { type PciAddress, tryParsePciAddress } from '#core/pci/devices/address.ts';
import { functionUses } from './uses/function-uses.ts';
import type { InspectedMachine } from './uses/inspected-machine.ts';
import { readInterface } from './reading/read-interfaces.ts';
import { isUp, linkedName, listFolder, readText } from './reading/sysfs-files.ts';

export async function deviceFacts(
  host: InspectedMachine,
  address: PciAddress,
): Promise<DeviceFacts> {
  const devices = join(host.sysfs, 'bus/pci/devices');
  const folder = join(devices, address);
  const [driver, deviceClass] = await Promise.all([
    linkedName(join(folder, 'driver')),
    readText(join(folder, 'class')),
  ]);
  return {
    driver,
    classCode: classCodeOf(deviceClass),
    iommuGroup: await iommuGroup(devices, address),
    pf: await pfOf(devices, address),
    uses: await functionUses(host, address),
  };
}

async function iommuGroup(
  devices: string,
  address: PciAddress,
): Promise<DeviceFacts['iommuGroup']> {
  const group = join(devices, address, 'iommu_group');
  const id = await linkedName(group);
  if (id === null) return null;
  const members = (await listFolder(join(group, 'devices')))
    .sort()
    .flatMap((name) => tryParsePciAddress(name) ?? [])
    .filter((member) => member !== address);
  const others = members.map(async (member) => ({
    address: member,
    classCode: classCodeOf(await readText(join(devices, member, 'class'))),
    driver: await linkedName(join(devices, member, 'driver')),
  }));
  return { id, others: await Promise.all(others) };
}

/** Example: `0x020000` → `020000`. */
function classCodeOf(text: string | undefined): string {
  return (text ?? '').replace(/^0x/, '');
}

async function pfOf(devices: string, address: PciAddress): Promise<DeviceFacts['pf']> {
  const parent = await linkedName(join(devices, address, 'physfn'));
  if (parent === null) return null;
  const own = await readInterface(join(devices, parent));
  if (own === null) return null;
  return { ifname: own.name, isUp: isUp(await readText(join(own.folder, 'flags'))) };
}
