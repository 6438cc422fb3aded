/** The PCI devices of a host as a tree: NUMA node, card, PF, VF. */
import type { Reason } from '../../reason.ts';
import { comparePciAddresses, slotOf } from '../devices/address.ts';
import type { PciDevice } from '../devices/device.ts';
import { type LeftOutFunction, whyLeftOut } from '../specs/host-offer.ts';
import {
  type Availability,
  availabilityOf,
  type Relatives,
  whyUnavailable,
} from './availability.ts';
import { numbered } from './host-fabric.ts';

/** One function. `device` undefined: it is not offered. `number`: of a VF on its PF. */
export interface TreeFunction {
  address: string;
  number: number | null;
  vendorId: string;
  productId: string;
  ifname: string | null;
  availability: Availability;
  reason: Reason | undefined;
  device: PciDevice | undefined;
}

/** `self` undefined: the host does not report the PF, only VFs of it. */
export interface TreePf {
  address: string;
  ifname: string | null;
  self: TreeFunction | undefined;
  vfs: TreeFunction[];
}

/** The PFs of one slot. Example: `0000:81:00` for a card of two ports. */
export interface TreeCard {
  slot: string;
  pfs: TreePf[];
}

/** `node` null: not reported. `plain`: devices without SR-IOV. */
export interface TreeNode {
  node: number | null;
  cards: TreeCard[];
  plain: TreeFunction[];
}

/** Everything by address; nodes in no order. `leftOut`: what its device specs do not admit. */
export function hostTree(
  devices: readonly PciDevice[],
  leftOut: readonly LeftOutFunction[],
): TreeNode[] {
  const present = devices.filter(({ status }) => status !== 'removed');
  const known = new Set(present.map(({ address }) => address));
  const others = leftOut.filter(({ address }) => !known.has(address));
  const pfs = [...pfAddresses(present, others)].toSorted(comparePciAddresses);
  const vfsOf = Map.groupBy(present, ({ parentAddress }) => parentAddress);
  const leftOf = Map.groupBy(others, ({ parentAddress }) => parentAddress);
  const nodes = new Map<number | null, TreeNode>();
  const nodeOf = (node: number | null) => {
    const made = nodes.get(node) ?? { node, cards: [], plain: [] };
    nodes.set(node, made);
    return made;
  };
  for (const address of pfs) {
    const pf = present.find((device) => device.address === address);
    const leftPf = others.find((fn) => fn.address === address);
    const [vfs, left] = [vfsOf.get(address as never) ?? [], leftOf.get(address as never) ?? []];
    const any = pf ?? leftPf ?? vfs[0] ?? left[0];
    const made = treePf(address, { pf, leftPf, vfs, left });
    const { cards } = nodeOf(any?.numaNode ?? null);
    const slot = slotOf(address);
    const card = cards.find((one) => one.slot === slot);
    if (card === undefined) cards.push({ slot, pfs: [made] });
    else card.pfs.push(made);
  }
  for (const device of present) {
    if (device.parentAddress !== null || device.deviceType === 'type-PF') continue;
    nodeOf(device.numaNode).plain.push(treeFunction(device));
  }
  return [...nodes.values()];
}

/** The function at this address with its reason; undefined: the host reports none there. */
export function functionAt(
  address: string,
  devices: readonly PciDevice[],
  leftOut: readonly LeftOutFunction[],
): TreeFunction | undefined {
  for (const { cards, plain } of hostTree(devices, leftOut)) {
    const pfs = cards.flatMap((card) => card.pfs);
    const functions = pfs.flatMap(({ self, vfs }) => (self === undefined ? vfs : [self, ...vfs]));
    const found = [...functions, ...plain].find((one) => one.address === address);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pfAddresses(
  devices: readonly PciDevice[],
  leftOut: readonly LeftOutFunction[],
): Set<string> {
  const all = [...devices, ...leftOut].flatMap(({ address, parentAddress, deviceType }) =>
    deviceType === 'type-PF' ? [address] : (parentAddress ?? []),
  );
  return new Set<string>(all);
}

interface Members {
  pf: PciDevice | undefined;
  leftPf: LeftOutFunction | undefined;
  vfs: readonly PciDevice[];
  left: readonly LeftOutFunction[];
}

function treePf(address: string, { pf, leftPf, vfs, left }: Members): TreePf {
  const self = pf === undefined ? leftPf && leftFunction(leftPf) : treeFunction(pf, { vfs });
  const offered = numbered(vfs).map(([number, vf]) => treeFunction(vf, { pf }, number));
  const all = [...offered, ...left.map(leftFunction)];
  return {
    address,
    ifname: pf?.ifname ?? leftPf?.ifname ?? vfs[0]?.parentIfname ?? null,
    self,
    vfs: all.toSorted((one, other) => comparePciAddresses(one.address, other.address)),
  };
}

function treeFunction(
  device: PciDevice,
  relatives: Relatives = {},
  number: number | null = null,
): TreeFunction {
  return {
    address: device.address,
    number,
    vendorId: device.vendorId,
    productId: device.productId,
    ifname: device.ifname,
    availability: availabilityOf(device, relatives),
    reason: whyUnavailable(device, relatives),
    device,
  };
}

function leftFunction(fn: LeftOutFunction): TreeFunction {
  return {
    address: fn.address,
    number: fn.vfNum,
    vendorId: fn.vendorId,
    productId: fn.productId,
    ifname: fn.ifname,
    availability: 'not-offered',
    reason: { code: 'not-offered', message: whyLeftOut(fn) },
    device: undefined,
  };
}
