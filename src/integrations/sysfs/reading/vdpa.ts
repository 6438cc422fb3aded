/**
 * Detects a vDPA device on a VF. Its creator chooses its name: `vdpa dev add name blue mgmtdev
 * pci/0000:06:00.3`.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { linkedName, readText } from './sysfs-files.ts';

/** Folders of a function that many VFs have, and that cannot be names of its devices. */
const otherFolders = new Set(['net', 'power', 'msi_irqs', 'iommu', 'infiniband', 'ptp', 'hwmon']);

/**
 * The names of the vDPA devices in this function's folder, in order. Source: Linux
 * `drivers/vdpa/vdpa.c`: they are on the bus `vdpa`.
 */
export async function vdpaChildren(folder: string): Promise<string[]> {
  const children = (await foldersIn(folder)).filter((name) => !otherFolders.has(name)).sort();
  const are = await Promise.all(children.map((name) => isVdpa(folder, name)));
  return children.filter((_, at) => are[at]);
}

/**
 * The character device of the first of them that the driver `vhost_vdpa` has; null: none. Example:
 * `/dev/vhost-vdpa-0`. Source: Linux `drivers/vhost/vdpa.c`: it is a child of the vDPA device.
 */
export async function vhostVdpaDevice(folder: string): Promise<string | null> {
  for (const vdpa of await vdpaChildren(folder)) {
    const child = (await foldersIn(join(folder, vdpa))).find((name) =>
      /^vhost-vdpa-\d+$/.test(name),
    );
    if (child !== undefined) return `/dev/${child}`;
  }
  return null;
}

async function isVdpa(folder: string, name: string): Promise<boolean> {
  if ((await linkedName(join(folder, name, 'subsystem'))) === 'vdpa') return true;
  // Captures may have the kernel's default name, or its event, instead of the link.
  if (/^vdpa\d+$/.test(name)) return true;
  return /^MODALIAS=vdpa:/m.test((await readText(join(folder, name, 'uevent'))) ?? '');
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}
