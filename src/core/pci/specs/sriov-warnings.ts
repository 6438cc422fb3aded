/**
 * Entries for networking that offer functions which no port can get: the list is accepted, but
 * ports get no device.
 */
import { type AddressField, statedAddressPart } from '../devices/address-pattern.ts';
import { hasWideDomain } from '../devices/address.ts';
import type { PciFunction } from '../devices/device.ts';
import type { DeviceSpec } from './device-spec.ts';
import { ifnamesOf } from '../devices/interface-names.ts';

/** What an entry offers, and the VFs of its PFs that no entry offers. */
interface Offer {
  spec: DeviceSpec;
  taken: readonly PciFunction[];
  leftOut: readonly PciFunction[];
}

export interface SriovWarning {
  code:
    | 'no-sriov'
    | 'pf-without-domain'
    | 'pf-without-interface'
    | 'managed-port'
    | 'wide-domain'
    | 'vfs-in-further-slots';
  message: string;
}

/**
 * Example: a NIC whose SR-IOV is off in the firmware, offered on physnet1 → `ens5f0 has no SR-IOV
 * (type PCI): no port can get it`. `functions`: all that are known of the host.
 */
export function sriovWarnings(cover: Offer, functions: readonly PciFunction[]): SriovWarning[] {
  return [
    ...withoutDomain(cover),
    ...withSlotsLeftOut(cover),
    ...withWideDomain(cover),
    ...(isForPorts(cover)
      ? [...withoutSriov(cover), ...withoutInterface(cover, functions), ...unmanaged(cover)]
      : []),
  ];
}

function isForPorts({ spec }: Offer): boolean {
  return 'physical_network' in spec.tags;
}

function withoutSriov({ taken }: Offer): SriovWarning[] {
  const isPlain = ({ deviceType }: PciFunction) => deviceType === 'type-PCI';
  // An entry that also admits NICs with SR-IOV is broad on purpose: it is not meant for bridges and
  // disks.
  const plain = taken.filter((fn) => isPlain(fn) && (fn.ifname !== null || taken.every(isPlain)));
  if (plain.length === 0) return [];
  const [has, it] = plain.length === 1 ? ['has', 'it'] : ['have', 'them'];
  const message = `${listed(plain.map(nameOf))} ${has} no SR-IOV (type PCI): no port can get ${it}`;
  return [{ code: 'no-sriov', message }];
}

/** Only an address with its domain names one PF, and thereby admits its VFs. */
function withoutDomain({ spec, taken, leftOut }: Offer): SriovWarning[] {
  const { written, exact } = spec.address;
  if (spec.devname !== null || exact !== null) return [];
  const part = (field: AddressField) => statedAddressPart(written, field);
  if (part('domain') !== '' || !isOneSlot(part)) return [];
  const named = `${part('bus')}:${part('slot')}.${part('function')}`;
  return taken.flatMap((pf) => {
    const vfs = leftOut.filter(({ parentAddress }) => parentAddress === pf.address);
    const [vf] = vfs;
    if (vf === undefined) return [];
    const isOther = spec.productId !== '*' && spec.productId !== vf.productId;
    const product = isOther ? `, without product_id (theirs is ${vf.productId})` : '';
    const subject = vfs.length === 1 ? 'its VF is' : `its ${vfs.length} VFs are`;
    const message = `${named} is a PF; without its domain ${subject} not admitted: write ${pf.address}${product}`;
    return [{ code: 'pf-without-domain' as const, message }];
  });
}

function isOneSlot(part: (field: AddressField) => string): boolean {
  return /^[0-9a-f]{1,2}:[0-9a-f]{1,2}\.[0-7]$/i.test(
    `${part('bus')}:${part('slot')}.${part('function')}`,
  );
}

/**
 * A card with many VFs continues in the next slot, which an address of one slot does not cover.
 */
function withSlotsLeftOut({ spec, taken, leftOut }: Offer): SriovWarning[] {
  const { written } = spec.address;
  if (spec.devname !== null || typeof written !== 'string') return [];
  const part = (field: AddressField) => statedAddressPart(written, field);
  if (part('slot') === '' || part('function') !== '') return [];
  return taken.flatMap((pf) => {
    const isIts = ({ parentAddress }: PciFunction) => parentAddress === pf.address;
    const own = taken.filter(isIts);
    const [first] = leftOut.filter(isIts);
    if (own.length === 0 || first === undefined) return [];
    const all = own.length + leftOut.filter(isIts).length;
    const message = `${written} admits ${own.length} of the ${all} VFs of PF ${pf.address}; the others, from ${first.address} on, are in further slots: write ${pf.address}`;
    return [{ code: 'vfs-in-further-slots' as const, message }];
  });
}

function withWideDomain({ taken }: Offer): SriovWarning[] {
  const wide = taken.filter(({ address }) => hasWideDomain(address));
  if (wide.length === 0) return [];
  const who = wide.some(({ deviceType }) => deviceType === 'type-VF')
    ? 'only macvtap ports can get VFs of it'
    : 'no guest can get it';
  const message = `${listed(wide.map(({ address }) => address))}: a PCI domain above ffff, which QEMU does not take: ${who}`;
  return [{ code: 'wide-domain', message }];
}

function withoutInterface({ taken }: Offer, functions: readonly PciFunction[]): SriovWarning[] {
  const vfs = taken.filter((fn) => hasNoPfInterface(fn, functions));
  return [...Map.groupBy(vfs, ({ parentAddress }) => parentAddress)].map(([pf, group]) => ({
    code: 'pf-without-interface',
    message: `no port can get ${group.length === 1 ? 'the VF' : `the ${group.length} VFs`} of PF ${pf}: it has no network interface, through which a VF is set up; bind the PF's own driver`,
  }));
}

/** Is it a VF that cannot be set up because its PF has no interface? InfiniBand needs none. */
export function hasNoPfInterface(fn: PciFunction, functions: readonly PciFunction[]): boolean {
  const { deviceType, isInfiniBand, parentIfname, parentAddress } = fn;
  if (deviceType !== 'type-VF' || isInfiniBand === true || parentIfname !== null) return false;
  const pf = functions.find(({ address }) => address === parentAddress);
  return (pf?.ifname ?? null) === null;
}

/** A port's VF is unbound from its driver when a guest gets it, regardless of the tag. */
function unmanaged({ spec }: Offer): SriovWarning[] {
  if (spec.tags['managed'] !== 'false') return [];
  const message =
    'managed "no" is for devices of aliases: those that ports get are taken from their driver all the same';
  return [{ code: 'managed-port', message }];
}

function nameOf(fn: PciFunction): string {
  return ifnamesOf(fn)[0] ?? fn.address;
}

function listed(names: readonly string[]): string {
  return names.length <= 5
    ? names.join(', ')
    : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;
}
