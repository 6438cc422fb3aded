/** What sysfs says of PCI functions beyond discovery: IOMMU group, driver, VF counts, link. Source: Linux `Documentation/ABI/testing/sysfs-bus-pci`. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FunctionDetails } from '#core/hosts/host-facts.ts';
import { type PciAddress, tryParsePciAddress } from '#core/pci/address.ts';

/** Every function below this sysfs, in address order. A machine without PCI has none. */
export async function readFunctionDetails(sysfs: string): Promise<FunctionDetails[]> {
  const devices = join(sysfs, 'bus/pci/devices');
  const addresses = (await list(devices)).sort().flatMap((name) => tryParsePciAddress(name) ?? []);
  return Promise.all(addresses.map((address) => readOne(devices, address)));
}

async function readOne(devices: string, address: PciAddress): Promise<FunctionDetails> {
  const folder = join(devices, address);
  const group = Number((await linkName(join(folder, 'iommu_group'))) ?? Number.NaN);
  const total = await readNumber(join(folder, 'sriov_totalvfs'));
  return {
    address,
    classCode: ((await readText(join(folder, 'class'))) ?? '').replace(/^0x/, ''),
    iommuGroup: Number.isNaN(group) ? null : group,
    driver: await linkName(join(folder, 'driver')),
    vfs:
      total === null
        ? null
        : { total, current: (await readNumber(join(folder, 'sriov_numvfs'))) ?? 0 },
    link: await readLink(join(folder, 'net')),
  };
}

/** IFF_UP of `flags`. Source: linux/if.h. */
const up = 1;

async function readLink(net: string): Promise<FunctionDetails['link']> {
  const [ifname] = (await list(net)).sort();
  if (ifname === undefined) return null;
  const flags = Number((await readText(join(net, ifname, 'flags'))) ?? 0);
  // Refused while the interface is down.
  const carrier = await readNumber(join(net, ifname, 'carrier'));
  return {
    ifname,
    isUp: (flags & up) !== 0,
    hasCarrier: carrier === null ? null : carrier === 1,
  };
}

async function readNumber(path: string): Promise<number | null> {
  const text = await readText(path);
  return text === null || !/^\d+$/.test(text) ? null : Number(text);
}

async function readText(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return null;
  }
}

async function linkName(path: string): Promise<string | null> {
  try {
    return basename(await readlink(path));
  } catch {
    return null;
  }
}

async function list(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}
