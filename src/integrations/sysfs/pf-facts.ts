/** What all VFs of a PF take from it: read once for all of them. */
import { join } from 'node:path';
import type { PciAddress } from '#core/pci/address.ts';
import { readIfname, readMac } from './read-ifname.ts';
import { linkedName, listFolder, readBytes } from './sysfs-files.ts';
import { vpdSerialNumber } from './vpd.ts';

export interface PfFacts {
  ifname: string | null;
  macAddress: string | null;
  /** From the product data of the card. */
  cardSerialNumber: string | undefined;
  /** The numbers of its VFs, as `ip link` counts, by address. */
  vfNums: ReadonlyMap<string, number>;
}

/** Reads a PF, or remembers it: for one pass over the functions of a host. `devices`: the folder with one link for each function. */
export function pfReader(devices: string): (pf: PciAddress) => Promise<PfFacts> {
  const known = new Map<PciAddress, Promise<PfFacts>>();
  return (pf) => {
    const facts = known.get(pf) ?? readPf(join(devices, pf));
    known.set(pf, facts);
    return facts;
  };
}

async function readPf(folder: string): Promise<PfFacts> {
  const ifname = await readIfname(folder);
  const [macAddress, productData, vfNums] = await Promise.all([
    readMac(folder, ifname),
    readBytes(join(folder, 'vpd')),
    readVfNums(folder),
  ]);
  return { ifname, macAddress, cardSerialNumber: vpdSerialNumber(productData), vfNums };
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
