/** One PCI function from its sysfs folder. Source: Linux `Documentation/ABI/testing/sysfs-bus-pci`. */
import { join } from 'node:path';
import { type PciAddress, tryParsePciAddress } from '#core/pci/address.ts';
import type { PciCapabilities, PciDeviceType, PciFunction } from '#core/pci/device.ts';
import { quoted } from '#core/quoted-text.ts';
import { linkedName, listFolder, readBytes, readText } from './sysfs-files.ts';
import { vpdSerialNumber } from './vpd.ts';

/**
 * Reads the function at this address. `devices` is the folder with one link for each function.
 * Throws an Error in plain words when what every function has (vendor, device) is not there.
 */
export async function readFunction(devices: string, address: PciAddress): Promise<PciFunction> {
  const folder = join(devices, address);
  const vendorId = await readId(folder, 'vendor');
  const productId = await readId(folder, 'device');
  const parentAddress = await readParent(folder);
  const deviceType = await readType(folder, parentAddress);
  const numa = Number((await readText(join(folder, 'numa_node'))) ?? -1);
  const isPf = deviceType === 'type-PF';
  const ifname = await readIfname(folder);
  const vfProductId = isPf ? await readVfProduct(folder) : undefined;
  const link = isPf ? await readLink(folder, ifname) : undefined;
  return {
    address,
    vendorId,
    productId,
    deviceType,
    parentAddress,
    numaNode: Number.isInteger(numa) && numa >= 0 ? numa : null,
    ifname,
    parentIfname: parentAddress === null ? null : await readIfname(join(devices, parentAddress)),
    ...(vfProductId !== undefined && { vfProductId }),
    ...(link !== undefined && { link }),
    macAddress: isPf ? await readMac(folder) : null,
    capabilities: await readCapabilities(devices, { address, deviceType, parentAddress }),
  };
}

/** The network interface of a function, or null. Interfaces that stand for the VFs of a switching PF are not its own. */
export async function readIfname(folder: string): Promise<string | null> {
  for (const name of (await listFolder(join(folder, 'net'))).sort()) {
    const portName = await readText(join(folder, 'net', name, 'phys_port_name'));
    if (portName === undefined || !/vf\d+$/.test(portName)) return name;
  }
  return null;
}

/** The number of a VF on its PF, as `ip link` counts, or undefined when the PF does not list it. */
export async function readVfNum(
  devices: string,
  pf: PciAddress,
  vf: PciAddress,
): Promise<number | undefined> {
  for (const name of await listFolder(join(devices, pf))) {
    const number = /^virtfn(\d+)$/.exec(name)?.[1];
    if (number === undefined) continue;
    if ((await linkedName(join(devices, pf, name))) === vf) return Number(number);
  }
  return undefined;
}

async function readType(folder: string, parent: PciAddress | null): Promise<PciDeviceType> {
  if (parent !== null) {
    const isVdpa = (await listFolder(folder)).some((name) => /^vdpa\d+$/.test(name));
    return isVdpa ? 'vdpa' : 'type-VF';
  }
  return Number((await readText(join(folder, 'sriov_totalvfs'))) ?? 0) > 0 ? 'type-PF' : 'type-PCI';
}

/** Kernels before 4.14 do not say it. */
async function readVfProduct(folder: string): Promise<string | undefined> {
  const text = await readText(join(folder, 'sriov_vf_device'));
  return /^(?:0x)?([0-9a-f]{4})$/i.exec(text ?? '')?.[1]?.toLowerCase();
}

async function readCapabilities(
  devices: string,
  fn: Pick<PciFunction, 'address' | 'deviceType' | 'parentAddress'>,
): Promise<PciCapabilities> {
  const { address, deviceType, parentAddress } = fn;
  if (deviceType === 'type-PCI') return {};
  // A VF rarely has product data of its own, and reading it is slow: the card's is read once, at the PF.
  const vpdFile = join(devices, parentAddress ?? address, 'vpd');
  const cardSerialNumber = vpdSerialNumber(await readBytes(vpdFile));
  const vpd = cardSerialNumber === undefined ? {} : { vpd: { cardSerialNumber } };
  if (deviceType !== 'type-VF' || parentAddress === null) return vpd;
  const pfMacAddress = await readMac(join(devices, parentAddress));
  const vfNum = await readVfNum(devices, parentAddress, address);
  if (pfMacAddress === null || vfNum === undefined) return vpd;
  return { ...vpd, sriov: { pfMacAddress, vfNum } };
}

async function readParent(folder: string): Promise<PciAddress | null> {
  return tryParsePciAddress((await linkedName(join(folder, 'physfn'))) ?? '') ?? null;
}

/** Undefined where sysfs does not say. */
async function readLink(folder: string, ifname: string | null): Promise<PciFunction['link']> {
  if (ifname === null) return null;
  if ((await readText(join(folder, 'net', ifname, 'operstate'))) === undefined) return undefined;
  // A carrier cannot be read while the interface is down.
  return (await readText(join(folder, 'net', ifname, 'carrier'))) === '1' ? 'up' : 'down';
}

async function readMac(folder: string): Promise<string | null> {
  const ifname = await readIfname(folder);
  if (ifname === null) return null;
  return (await readText(join(folder, 'net', ifname, 'address'))) ?? null;
}

async function readId(folder: string, file: 'vendor' | 'device'): Promise<string> {
  const text = await readText(join(folder, file));
  const id = /^0x([0-9a-f]{4})$/i.exec(text ?? '')?.[1];
  if (id !== undefined) return id.toLowerCase();
  throw new Error(
    text === undefined
      ? `sysfs file ${file} cannot be read`
      : `sysfs file ${file} has ${quoted(text)}, must be 0x and four hexadecimal digits`,
  );
}
