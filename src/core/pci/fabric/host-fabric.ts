/** The devices of a host in a few bytes per card: for a picture of thousands of hosts. */
import { comparePciAddresses } from '../devices/address.ts';
import type { PciDevice } from '../devices/device.ts';
import { availabilityLetters, availabilityOf } from './availability.ts';

/**
 * A PF with its VFs, one letter each, from VF 0 on; see `availabilityLetters`. `pf`: the letter of
 * the PF itself. `networks`: the physical networks of its devices.
 */
export interface PfLine {
  address: string;
  ifname: string | null;
  numaNode: number | null;
  networks: string[];
  pf: string;
  vfs: string;
}

/** `plain`: the devices without SR-IOV, one letter each, in address order. */
export interface HostFabric {
  pfs: PfLine[];
  plain: string;
}

/**
 * The devices of one host, PFs in address order. A number that no VF has is `not-offered` up to the
 * last VF. Where hosts do not report the numbers of VFs, the letters are in address order. Example:
 * PF with VFs 0, 1 and 3, of which 0 is held → `vfs: 'hf.f'`.
 */
export function hostFabric(devices: readonly PciDevice[]): HostFabric {
  const present = devices.filter(({ status }) => status !== 'removed');
  const vfsOf = new Map<string, PciDevice[]>();
  const byAddress = new Map<string, PciDevice>();
  let plain = '';
  for (const device of present) {
    const { parentAddress, address, deviceType } = device;
    if (parentAddress !== null) {
      const siblings = vfsOf.get(parentAddress);
      if (siblings === undefined) vfsOf.set(parentAddress, [device]);
      else siblings.push(device);
    } else if (deviceType === 'type-PF') byAddress.set(address, device);
    else plain += availabilityLetters[availabilityOf(device)];
  }
  const addresses = [...new Set([...byAddress.keys(), ...vfsOf.keys()])];
  const pfs = addresses
    .toSorted(comparePciAddresses)
    .map((address) => pfLine(address, byAddress.get(address), vfsOf.get(address) ?? []));
  return { pfs, plain };
}

/** `pf` undefined: it is not offered, but VFs of it are. */
function pfLine(address: string, pf: PciDevice | undefined, vfs: readonly PciDevice[]): PfLine {
  const letters: string[] = [];
  for (const [number, vf] of numbered(vfs)) {
    letters[number] = availabilityLetters[availabilityOf(vf, { pf })];
  }
  const none = availabilityLetters['not-offered'];
  const members = pf === undefined ? vfs : [pf, ...vfs];
  return {
    address,
    ifname: pf?.ifname ?? vfs[0]?.parentIfname ?? null,
    numaNode: members[0]?.numaNode ?? null,
    networks: networksOf(members),
    pf: pf === undefined ? none : availabilityLetters[availabilityOf(pf)],
    vfs: Array.from(letters, (letter) => letter ?? none).join(''),
  };
}

/**
 * VFs by their numbers on the PF, or by their place where one has no number of its own. Example:
 * VFs 0 and 3 → `[[0, …], [3, …]]`.
 */
export function numbered(vfs: readonly PciDevice[]): [number: number, vf: PciDevice][] {
  const numbers = vfs.map(({ capabilities }) => capabilities.sriov?.vfNum);
  const known = new Set(numbers.filter((number) => number !== undefined && number < mostVfs));
  return vfs.map((vf, at) => [known.size === vfs.length ? (numbers[at] ?? at) : at, vf]);
}

/** A PF has at most 65,535 VFs. Source: PCI Express, SR-IOV capability, `NumVFs`. */
const mostVfs = 65_536;

function networksOf(devices: readonly PciDevice[]): string[] {
  const networks = new Set(devices.map(({ tags }) => tags['physical_network'] ?? null));
  networks.delete(null);
  return ([...networks] as string[]).toSorted();
}
