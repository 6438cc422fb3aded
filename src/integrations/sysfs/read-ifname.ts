/** The network interface of a PCI function. */
import { join } from 'node:path';
import { listFolder, readText } from './sysfs-files.ts';

/** Of the function in this folder, or null. Interfaces that stand for the VFs of a switching PF are not its own. */
export async function readIfname(folder: string): Promise<string | null> {
  for (const name of (await listFolder(join(folder, 'net'))).sort()) {
    const portName = await readText(join(folder, 'net', name, 'phys_port_name'));
    if (portName === undefined || !/vf\d+$/.test(portName)) return name;
  }
  return null;
}

/** The MAC of that interface, or null. */
export async function readMac(folder: string, ifname: string | null): Promise<string | null> {
  if (ifname === null) return null;
  return (await readText(join(folder, 'net', ifname, 'address'))) ?? null;
}
