/**
 * One PCI function from its sysfs folder. Source: Linux `Documentation/ABI/testing/sysfs-bus-pci`.
 */
import { join } from 'node:path';
import { type PciAddress, tryParsePciAddress } from '#core/pci/devices/address.ts';
import type { PciCapabilities, PciDeviceType, PciFunction } from '#core/pci/devices/device.ts';
import { quoted } from '#core/quoted-text.ts';
import { type PfFacts, pfReader } from './pf-facts.ts';
import { readCarrier, type ReadInterface, readInterfaces } from './read-interfaces.ts';
import { linkedName, readText } from './sysfs-files.ts';
import { vdpaChildren } from './vdpa.ts';

/**
 * Reads the function at this address. `devices` is the folder with one link per function; `pfOf`
 * reads PFs, cached for callers that read many functions. Throws a readable Error when a
 * mandatory file (vendor, device) is missing.
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
  const numa = await readText(join(folder, 'numa_node'));
  const isPf = deviceType === 'type-PF';
  const pf = isPf || parentAddress !== null ? await pfOf(parentAddress ?? address) : null;
  const [own, ...others] = isPf ? (pf?.interfaces ?? []) : await readInterfaces(folder);
  const [parent, ...parentOthers] = isPf ? [] : (pf?.interfaces ?? []);
  const vfProductId = isPf ? await readVfProduct(folder) : undefined;
  const link = isPf ? await readLink(pf?.interfaces ?? []) : undefined;
  // Class 02, network; subclass 07.
  const isInfiniBand = (await readText(join(folder, 'class')))?.startsWith('0x0207') === true;
  return {
    address,
    vendorId,
    productId,
    deviceType,
    parentAddress,
    // -1 where the firmware reports none.
    numaNode: numa !== undefined && /^\d+$/.test(numa) ? Number(numa) : null,
    ifname: own?.name ?? null,
    ...(others.length > 0 && { otherIfnames: others.map(({ name }) => name) }),
    parentIfname: parent?.name ?? null,
    ...(parentOthers.length > 0 && { otherParentIfnames: parentOthers.map(({ name }) => name) }),
    ...(vfProductId !== undefined && { vfProductId }),
    ...(link !== undefined && { link }),
    ...(isInfiniBand && { isInfiniBand }),
    macAddress: isPf ? (pf?.macAddress ?? null) : null,
    capabilities: capabilitiesOf(address, deviceType, pf),
  };
}

async function readType(folder: string, parent: PciAddress | null): Promise<PciDeviceType> {
  if (parent !== null) {
    return (await vdpaChildren(folder)).length > 0 ? 'vdpa' : 'type-VF';
  }
  return Number((await readText(join(folder, 'sriov_totalvfs'))) ?? 0) > 0 ? 'type-PF' : 'type-PCI';
}

/** Kernels before 4.14 lack it. */
async function readVfProduct(folder: string): Promise<string | undefined> {
  const text = await readText(join(folder, 'sriov_vf_device'));
  return /^(?:0x)?([0-9a-f]{4})$/i.exec(text ?? '')?.[1]?.toLowerCase();
}

/**
 * A VF rarely has its own product data, and reading it is slow: the card's is read once, at the PF.
 */
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

/** Of several interfaces one with a carrier is enough. Undefined where sysfs has no value. */
async function readLink(interfaces: readonly ReadInterface[]): Promise<PciFunction['link']> {
  if (interfaces.length === 0) return null;
  const states = await Promise.all(interfaces.map(readCarrier));
  return states.includes('up') ? 'up' : states[0];
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
