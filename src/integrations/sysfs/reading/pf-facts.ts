/** Facts of a PF that all its VFs share: read once for all of them. */
import { join } from 'node:path';
import type { PciAddress } from '#core/pci/devices/address.ts';
import { type ReadInterface, readInterfaces, readMac } from './read-interfaces.ts';
import { linkedName, listFolder, readBytes } from './sysfs-files.ts';
import { vpdSerialNumber } from './vpd.ts';

export interface PfFacts {
  /** Its own interfaces, that of its first port first. */
  interfaces: ReadInterface[];
  macAddress: string | null;
  /** From the product data of the card. */
  cardSerialNumber: string | undefined;
  /** The numbers of its VFs, as `ip link` counts, by address. */
  vfNums: ReadonlyMap<string, number>;
}

/**
 * Reads a PF, cached for one pass over a host's functions. `devices`: the folder with one link per
 * function.
 */
export function pfReader(devices: string): (pf: PciAddress) => Promise<PfFacts> {
  const known = new Map<PciAddress, Promise<PfFacts>>();
  return (pf) => {
    const facts = known.get(pf) ?? readPf(join(devices, pf));
    known.set(pf, facts);
    return facts;
  };
}

async function readPf(folder: string): Promise<PfFacts> {
  const interfaces = await readInterfaces(folder);
  const [macAddress, productData, vfNums] = await Promise.all([
    readMac(interfaces[0] ?? null),
    readBytes(join(folder, 'vpd')),
    readVfNums(folder),
  ]);
  return { interfaces, macAddress, cardSerialNumber: vpdSerialNumber(productData), vfNums };
}

async function readVfNums(folder: string): Promise<Map<string, number>> {
  const numbers = (await listFolder(folder)).flatMap(
    (name) => /^virtfn(\d+)$/.exec(name)?.[1] ?? [],
  );
  const vfs = await Promise.all(
    numbers.map(async (number) => {
      const address = await linkedName(join(folder, `virtfn${number}`));
      return [address, Number(number)] as const;
    }),
  );
  return new Map(vfs.flatMap(([address, number]) => (address === null ? [] : [[address, number]])));
}
