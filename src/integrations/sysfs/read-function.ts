/** One PCI function from its sysfs folder. Source: Linux `Documentation/ABI/testing/sysfs-bus-pci`. */
import { join } from 'node:path';
import { type PciAddress, tryParsePciAddress } from '#core/pci/address.ts';
import type { PciCapabilities, PciDeviceType, PciFunction } from '#core/pci/device.ts';
import { quoted } from '#core/quoted-text.ts';
import { type PfFacts, pfReader } from './pf-facts.ts';
import { readIfname } from './read-ifname.ts';
import { linkedName, listFolder, readText } from './sysfs-files.ts';

/**
 * Reads the function at this address. `devices` is the folder with one link for each function; `pfOf` reads PFs, and remembers them for
 * those that read many functions.
 * Throws an Error in plain words when what every function has (vendor, device) is not there.
 */
export async function readFunction(
  devices: string,
  address: PciAddress,
  pfOf = pfReader(devices),
): Promise<PciFunction> {
  const folder = join(devices, address);
  const vendorId = await readId(folder, 'vendor');
  const productId = await readId(folder, 'device');
  const parentAddress = await readParent(folder);
  const deviceType = await readType(folder, parentAddress);
  const numa = Number((await readText(join(folder, 'numa_node'))) ?? -1);
  const isPf = deviceType === 'type-PF';
  const pf = isPf || parentAddress !== null ? await pfOf(parentAddress ?? address) : null;
  const ifname = isPf ? (pf?.ifname ?? null) : await readIfname(folder);
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
    parentIfname: isPf ? null : (pf?.ifname ?? null),
    ...(vfProductId !== undefined && { vfProductId }),
    ...(link !== undefined && { link }),
    macAddress: isPf ? (pf?.macAddress ?? null) : null,
    capabilities: capabilitiesOf(address, deviceType, pf),
  };
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

/** A VF rarely has product data of its own, and reading it is slow: the card's is read once, at the PF. */
function capabilitiesOf(
  address: PciAddress,
  deviceType: PciDeviceType,
  pf: PfFacts | null,
): PciCapabilities {
  if (pf === null) return {};
  const { cardSerialNumber, macAddress: pfMacAddress, vfNums } = pf;
  const vpd = cardSerialNumber === undefined ? {} : { vpd: { cardSerialNumber } };
  const vfNum = vfNums.get(address);
  if (deviceType !== 'type-VF' || pfMacAddress === null || vfNum === undefined) return vpd;
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
