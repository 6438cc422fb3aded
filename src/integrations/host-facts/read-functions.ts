/**
 * Facts of PCI functions from sysfs beyond discovery: IOMMU group, driver, VF counts, link. Source:
 * Linux `Documentation/ABI/testing/sysfs-bus-pci`.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FunctionDetails, LinkFacts } from '#core/hosts/host-facts.ts';
import {
  comparePciAddresses,
  type PciAddress,
  tryParsePciAddress,
} from '#core/pci/devices/address.ts';
import { ownInterfaces, type ShownInterface } from '#core/pci/devices/own-interfaces.ts';

/** Every function below this sysfs, in address order. A machine without PCI has none. */
export async function readFunctionDetails(sysfs: string): Promise<FunctionDetails[]> {
  const devices = join(sysfs, 'bus/pci/devices');
  const addresses = (await list(devices))
    .sort(comparePciAddresses)
    .flatMap((name) => tryParsePciAddress(name) ?? []);
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
    link: await readLink(folder),
  };
}

/** IFF_UP of `flags`. Source: linux/if.h. */
const up = 1;

/** A function may have several ports: one that works is enough. */
async function readLink(folder: string): Promise<FunctionDetails['link']> {
  const links = await Promise.all(ownInterfaces(await interfacesOf(folder)).map(readOneLink));
  return (
    links.find(({ hasCarrier }) => hasCarrier === true) ??
    links.find(({ isUp }) => isUp) ??
    links[0] ??
    null
  );
}

interface Interface extends ShownInterface {
  folder: string;
}

/** virtio-net's are one folder deeper. */
async function interfacesOf(folder: string): Promise<Interface[]> {
  const nets = (await list(folder)).flatMap((name) => {
    if (name === 'net') return [join(folder, name)];
    return /^virtio\d+$/.test(name) ? [join(folder, name, 'net')] : [];
  });
  const found = nets.map(async (net) =>
    Promise.all((await list(net)).map((name) => readInterface(join(net, name), name))),
  );
  return (await Promise.all(found)).flat();
}

async function readInterface(folder: string, name: string): Promise<Interface> {
  const portName = await readText(join(folder, 'phys_port_name'));
  return { name, folder, portName, devPort: await readNumber(join(folder, 'dev_port')) };
}

async function readOneLink({ folder, name: ifname }: Interface): Promise<LinkFacts> {
  const flags = Number((await readText(join(folder, 'flags'))) ?? 0);
  // Unreadable while the interface is down.
  const carrier = await readNumber(join(folder, 'carrier'));
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
