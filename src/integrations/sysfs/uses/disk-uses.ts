/**
 * Whether the host uses a disk below a PCI function. Source: Linux
 * `Documentation/ABI/stable/sysfs-block`, proc_pid_mountinfo(5), open(2) `O_EXCL`.
 */
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { tryParsePciAddress } from '#core/pci/devices/address.ts';
import type { InspectedMachine } from './inspected-machine.ts';
import { listFolder, readText } from '../reading/sysfs-files.ts';

/** A disk, a partition, or a device built from them. */
interface BlockDevice {
  name: string;
  folder: string;
}

/**
 * Each disk that is mounted, used for swap, part of a volume (LVM, RAID, multipath, bcache), or
 * opened exclusively (ZFS). `folder`: of the function.
 */
export async function diskUses(host: InspectedMachine, folder: string): Promise<string[]> {
  const found = await disksBelow(host, folder);
  if (found.length === 0) return [];
  const inUse = await usedDevices(host.machine);
  const uses = await Promise.all(found.map((device) => useOf(host, device, inUse)));
  const known = found.flatMap(({ name }, at) =>
    uses[at] === undefined ? [] : [`its disk ${name} ${uses[at]}`],
  );
  if (known.length > 0) return known;
  const busy = await Promise.all(found.map(({ name }) => isBusy(join(host.machine, 'dev', name))));
  return found
    .filter((_, at) => busy[at])
    .map(({ name }) => `its disk ${name} is opened by a program of this host: stop that program`);
}

/** Folders with many files and without disks. */
const skipped = new Set(['net', 'queues', 'power', 'msi_irqs', 'infiniband', 'mq', 'hwmon']);

/**
 * Disks and partitions, ordered by name. Those of other functions, below a bridge, are excluded.
 */
async function disksBelow({ sysfs }: InspectedMachine, folder: string): Promise<BlockDevice[]> {
  const found: BlockDevice[] = [];
  const walk = async (at: string): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      const { name } = entry;
      if (!entry.isDirectory() || skipped.has(name)) continue;
      if (tryParsePciAddress(name) !== undefined) continue;
      const child = join(at, name);
      // A namespace behind several controllers is not a disk of any of them.
      const path = /^nvme(\d+)c\d+n(\d+)$/.exec(name);
      if (path !== null) await walkDisk(`nvme${path[1]}n${path[2]}`);
      else if (await isBlockDevice(at, name)) found.push({ name, folder: child });
      await walk(child);
    }
  };
  const walkDisk = async (name: string): Promise<void> => {
    const disk = join(sysfs, 'block', name);
    found.push({ name, folder: disk });
    await walk(disk);
  };
  await walk(`${folder}/`);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function isBlockDevice(parent: string, name: string): Promise<boolean> {
  if (basename(parent) === 'block' || /^nvme\d+n\d+$/.test(name)) return true;
  const files = await listFolder(join(parent, name));
  return files.includes('partition') || files.includes('holders');
}

/** Uses by name (`sda1`, `mapper/vg-root`) and by number (`8:1`), as text. */
async function usedDevices(machine: string): Promise<Map<string, string>> {
  const proc = join(machine, 'proc');
  // Those of the first process, because the agent may have its own mount namespace.
  const mounts =
    (await readText(join(proc, '1/mountinfo'))) ?? (await readText(join(proc, 'self/mountinfo')));
  const used = new Map<string, string>();
  for (const line of (mounts ?? '').split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , number = '', , point = ''] = left.split(' ');
    const source = right.split(' ')[1] ?? '';
    const use = `is mounted at ${unescaped(point)}: umount ${unescaped(point)}`;
    if (!number.startsWith('0:') && !used.has(number)) used.set(number, use);
    if (source.startsWith('/dev/') && !used.has(source.slice(5))) used.set(source.slice(5), use);
  }
  for (const line of ((await readText(join(proc, 'swaps'))) ?? '').split('\n').slice(1)) {
    const [path = ''] = line.split(/\s/);
    if (path.startsWith('/dev/')) used.set(path.slice(5), `is swap space: swapoff ${path}`);
  }
  return used;
}

/** Decodes blanks and similar characters in paths. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
}

/**
 * The use of the device itself, or of one built from it. Example: `is part of vg-root, which is
 * mounted at /: umount /`.
 */
async function useOf(
  host: InspectedMachine,
  { name, folder }: BlockDevice,
  used: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const number = await readText(join(folder, 'dev'));
  const volume = await readText(join(folder, 'dm/name'));
  const own = used.get(name) ?? used.get(number ?? '') ?? used.get(`mapper/${volume}`);
  if (own !== undefined) return own;
  const uses: string[] = [];
  for (const holder of (await listFolder(join(folder, 'holders'))).sort()) {
    const above = { name: holder, folder: join(host.sysfs, 'block', holder) };
    const made = (await readText(join(above.folder, 'dm/name'))) ?? holder;
    const use = await useOf(host, above, used);
    uses.push(
      `is part of ${made}${use === undefined ? ': take it out of that volume' : `, which ${use}`}`,
    );
  }
  return uses.length === 0 ? undefined : uses.join('; ');
}

/**
 * The kernel refuses an exclusive open of a block device while a file system, a volume or a pool
 * holds it exclusively.
 */
async function isBusy(path: string): Promise<boolean> {
  try {
    await (await open(path, constants.O_RDONLY | constants.O_EXCL)).close();
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EBUSY';
  }
}
