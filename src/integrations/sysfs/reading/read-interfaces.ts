/** The network interfaces of a PCI function, as files of sysfs. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tryParsePciAddress } from '#core/pci/devices/address.ts';
import { ownInterfaces, type ShownInterface } from '#core/pci/devices/own-interfaces.ts';
import { listFolder, readText } from './sysfs-files.ts';

export interface ReadInterface extends ShownInterface {
  /** The folder of its files. Example: `…/0000:06:00.0/virtio1/net/enp6s0`. */
  folder: string;
}

/**
 * The interfaces of the function in this folder, that of its first port first. Representors of a
 * switching PF are left out.
 */
export async function readInterfaces(folder: string): Promise<ReadInterface[]> {
  return ownInterfaces(await readAllInterfaces(folder));
}

/** The first of them, or null. */
export async function readInterface(folder: string): Promise<ReadInterface | null> {
  return (await readInterfaces(folder))[0] ?? null;
}

async function readAllInterfaces(folder: string): Promise<ReadInterface[]> {
  const places = (await netFolders(folder)).map(async (net) => {
    const names = await listFolder(join(folder, net));
    return Promise.all(names.map((name) => readOne(join(folder, net, name), name)));
  });
  return (await Promise.all(places)).flat();
}

/**
 * How deep devices of a function may have interfaces: a vDPA device on the virtio bus is deepest.
 * Example: `vdpa0/virtio3/net`.
 */
const deepest = 3;

/** Folders with many files and without devices. */
const skipped = new Set(['power', 'msi_irqs', 'queues', 'infiniband', 'hwmon', 'ptp', 'iommu']);

/**
 * The names of all interfaces of the function: its own, representors, and those of its
 * sub-functions and vDPA devices. Example: `enp3s0f0np0`, `enp3s0f0s88` (in `mlx5_core.sf.2/net`).
 */
export async function interfacesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (at: string, depth: number): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      const { name } = entry;
      if (!entry.isDirectory() || skipped.has(name)) continue;
      if (name === 'net') found.push(...(await listFolder(join(at, name))));
      // Behind a bridge there are other functions.
      else if (depth < deepest && tryParsePciAddress(name) === undefined) {
        await walk(join(at, name), depth + 1);
      }
    }
  };
  await walk(`${folder}/`, 1);
  return found.sort();
}

/** Relative to the function's folder. Example: `['net', 'virtio1/net']`. */
export async function netFolders(folder: string): Promise<string[]> {
  const names = (await listFolder(folder)).sort();
  return names.flatMap((name) => {
    if (name === 'net') return ['net'];
    return /^virtio\d+$/.test(name) ? [`${name}/net`] : [];
  });
}

async function readOne(folder: string, name: string): Promise<ReadInterface> {
  const [portName, devPort] = await Promise.all([
    readText(join(folder, 'phys_port_name')),
    readText(join(folder, 'dev_port')),
  ]);
  return {
    name,
    folder,
    portName: portName ?? null,
    devPort: /^\d+$/.test(devPort ?? '') ? Number(devPort) : null,
  };
}

/**
 * Holds the own MAC of a bond's port, which uses the bond's. Source: Linux
 * `drivers/net/bonding/bond_sysfs_slave.c`.
 */
export const bondMacFile = 'bonding_slave/perm_hwaddr';

/** The MAC of an interface, for a port of a bond its own; or null. */
export async function readMac(own: ReadInterface | null): Promise<string | null> {
  if (own === null) return null;
  const read = (file: string) => readText(join(own.folder, file));
  return (await read(bondMacFile)) ?? (await read('address')) ?? null;
}

/**
 * `up`: enabled with a carrier, which cannot be read while it is disabled. Undefined where sysfs
 * has no value.
 */
export async function readCarrier({ folder }: ReadInterface): Promise<'up' | 'down' | undefined> {
  if ((await readText(join(folder, 'operstate'))) === undefined) return undefined;
  return (await readText(join(folder, 'carrier'))) === '1' ? 'up' : 'down';
}
