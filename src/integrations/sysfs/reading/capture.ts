/**
 * The part of a sysfs that Novella reads, as text: one line per file or link. The reverse is
 * `simulated/sysfs-tree.ts`.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { comparePciAddresses } from '#core/pci/devices/address.ts';
import { ComputeError } from '#core/errors.ts';
import { bondMacFile, netFolders } from './read-interfaces.ts';
import { vdpaChildren } from './vdpa.ts';

/**
 * The files with a function's kind and place; Novella reads nothing else of its folder. Product
 * data is binary and is left out.
 */
const files = [
  'class',
  'vendor',
  'device',
  'numa_node',
  'sriov_totalvfs',
  'sriov_numvfs',
  'sriov_vf_device',
];
const interfaceFiles = [
  'address',
  bondMacFile,
  'phys_port_name',
  'dev_port',
  'operstate',
  'carrier',
];
const links = /^(physfn|virtfn\d+|driver|iommu_group)$/;

/**
 * Lines as `/sys/PATH: VALUE` and `/sys/PATH -> TARGET`, in address order. `root` stands for /sys.
 * Throws `invalid` when there is no such folder, or it has no PCI functions. Example:
 * `/sys/devices/pci0000:00/0000:00:04.0/0000:01:00.0/sriov_numvfs: 4`.
 */
export async function captureSysfs(root: string): Promise<string> {
  const devices = 'bus/pci/devices';
  const addresses = (await namesIn(join(root, devices))).sort(comparePciAddresses);
  if (addresses.length === 0) {
    if (!existsSync(root)) throw new ComputeError('invalid', `${root}: no such folder`);
    throw new ComputeError('invalid', `${root}: has no PCI functions in ${devices}`);
  }
  const lines: string[] = [];
  for (const address of addresses) {
    const place = posix.join(devices, address);
    const target = await linkOf(join(root, place));
    if (target !== undefined) lines.push(`/sys/${place} -> ${target}`);
    // Nothing is written through a link: the folder is named by its real path.
    const folder = target === undefined ? place : posix.join(devices, target);
    lines.push(...(await captureFunction(root, folder)));
  }
  return lines.map((line) => `${line}\n`).join('');
}

async function captureFunction(root: string, folder: string): Promise<string[]> {
  const lines: string[] = [];
  const addFile = async (name: string) => {
    const text = await textOf(join(root, folder, name));
    if (text !== undefined) lines.push(`/sys/${folder}/${name}: ${text}`);
  };
  for (const file of files) await addFile(file);
  for (const name of (await namesIn(join(root, folder))).sort()) {
    const target = links.test(name) ? await linkOf(join(root, folder, name)) : undefined;
    if (target !== undefined) lines.push(`/sys/${folder}/${name} -> ${target}`);
  }
  for (const name of await vdpaChildren(join(root, folder))) {
    const target = await linkOf(join(root, folder, name, 'subsystem'));
    if (target !== undefined) lines.push(`/sys/${folder}/${name}/subsystem -> ${target}`);
    await addFile(`${name}/uevent`);
  }
  for (const net of await netFolders(join(root, folder))) {
    for (const ifname of (await namesIn(join(root, folder, net))).sort()) {
      for (const file of interfaceFiles) await addFile(`${net}/${ifname}/${file}`);
    }
  }
  return lines;
}

/** One line; undefined when the file is missing or unreadable. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim().split('\n')[0] ?? '';
  } catch {
    return undefined;
  }
}

async function linkOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    return undefined;
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}
