/**
 * The host's uses of a PCI function through the devices below it: network interfaces, disks, the
 * console.
 */
import { join } from 'node:path';
import { type PciAddress, tryParsePciAddress } from '#core/pci/devices/address.ts';
import { consoleUses } from './console-uses.ts';
import { diskUses } from './disk-uses.ts';
import { hostUses } from './host-uses.ts';
import type { InspectedMachine } from './inspected-machine.ts';
import { interfacesBelow } from '../reading/read-interfaces.ts';
import { linkedName, listFolder } from '../reading/sysfs-files.ts';

/**
 * Each use as plain text, with how to end it. A PF includes its VFs, so devices below them count
 * too, whether offered or not. Example: `its VF 0000:41:00.1: its interface enp65s0v0 is a port of
 * bond bond0: ip link set enp65s0v0 nomaster`.
 */
export async function functionUses(host: InspectedMachine, address: PciAddress): Promise<string[]> {
  const devices = join(host.sysfs, 'bus/pci/devices');
  const uses = await ownUses(host, join(devices, address));
  for (const vf of await vfsOf(join(devices, address))) {
    const ofVf = await ownUses(host, join(devices, vf));
    uses.push(...ofVf.map((use) => `its VF ${vf}: ${use}`));
  }
  // The same route may exist for both families, or in several tables.
  return [...new Set(uses)];
}

async function ownUses(host: InspectedMachine, folder: string): Promise<string[]> {
  const names = await interfacesBelow(folder);
  const network = names.length === 0 ? [] : hostUses(await host.network(), names);
  return [...network, ...(await diskUses(host, folder)), ...(await consoleUses(folder))];
}

async function vfsOf(folder: string): Promise<PciAddress[]> {
  const links = (await listFolder(folder)).filter((name) => /^virtfn\d+$/.test(name));
  const names = await Promise.all(links.map((name) => linkedName(join(folder, name))));
  return names.flatMap((name) => tryParsePciAddress(name ?? '') ?? []).sort();
}
