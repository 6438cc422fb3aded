/**
 * Is a reported function the device that a server holds at its address? After a card was added or
 * moved, addresses may belong to other cards.
 */
import type { PciAddress } from './address.ts';
import type { PciDevice, PciFunction } from './device.ts';

/**
 * Ids and kind must be the same; so must the card's serial, or, where one of them has none to
 * compare, the MAC of the PF. Values that are missing are not compared. Example: VF 15b3:1018 of PF
 * 0c:42:…:10 against 8086:154c → true.
 */
export function isOtherDevice(held: PciFunction, reported: PciFunction): boolean {
  const keys = ['vendorId', 'productId', 'deviceType'] as const;
  if (keys.some((key) => held[key] !== reported[key])) return true;
  const [heldSerial, serial] = [serialOf(held), serialOf(reported)];
  if (heldSerial !== null && serial !== null) {
    // A MAC can be set, as a bond does with those of its ports; a serial cannot.
    return heldSerial !== serial || differ(vfNumOf(held), vfNumOf(reported));
  }
  return differ(macOf(held), macOf(reported)) || differ(vfNumOf(held), vfNumOf(reported));
}

/** Why a held device is missing although its address exists; undefined when it is not missing. */
export function replacement(device: PciDevice): string | undefined {
  const { found } = device;
  if (found === undefined || !isOtherDevice(device, found.function)) return undefined;
  return `PCI device ${device.address} is another device now: was ${identityOf(device)}, is ${identityOf(found.function)}`;
}

/**
 * The current address of a row's device: the one other address at which its host reports the same
 * ids, number and serial or MAC. undefined when uncertain. Example: a card in another slot →
 * `0000:5e:00.1`.
 */
export function presentPlaceOf(
  device: PciDevice,
  devices: readonly PciDevice[],
): PciAddress | undefined {
  const isSame = (fn: PciFunction) =>
    !isOtherDevice(device, fn) &&
    vfNumOf(device) === vfNumOf(fn) &&
    (isKnown(serialOf(device), serialOf(fn)) || isKnown(macOf(device), macOf(fn)));
  const places = devices.flatMap(({ found, ...row }) => {
    if (row.address === device.address) return [];
    if (found !== undefined) return isSame(found.function) ? [row.address] : [];
    return row.status !== 'missing' && isSame(row) ? [row.address] : [];
  });
  return places.length === 1 ? places[0] : undefined;
}

function isKnown(one: string | null, other: string | null): boolean {
  return one !== null && one === other;
}

/** Example: `15b3:1018 of PF 0c:42:a1:00:3b:00`. */
function identityOf(fn: PciFunction): string {
  const mac = macOf(fn);
  const serial = serialOf(fn);
  const of = fn.parentAddress === null ? 'with MAC' : 'of PF';
  return [
    `${fn.vendorId}:${fn.productId}`,
    ...(mac === null ? [] : [`${of} ${mac}`]),
    ...(serial === null ? [] : [`serial ${serial}`]),
  ].join(' ');
}

function macOf({ macAddress, capabilities }: PciFunction): string | null {
  return (capabilities.sriov?.pfMacAddress ?? macAddress)?.toLowerCase() ?? null;
}

function serialOf({ capabilities }: PciFunction): string | null {
  return capabilities.vpd?.cardSerialNumber ?? null;
}

function vfNumOf({ capabilities }: PciFunction): number | null {
  return capabilities.sriov?.vfNum ?? null;
}

function differ(one: string | number | null, other: string | number | null): boolean {
  return one !== null && other !== null && one !== other;
}
