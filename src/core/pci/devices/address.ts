/** PCI addresses: domain:bus:slot.function. Text only, independent of devices and sysfs. */
import { compareText } from '../../compare-text.ts';
import { ComputeError } from '../../errors.ts';

declare const pciAddress: unique symbol;

/**
 * A checked address in full lower-case form, usable as a map key. Examples: `0000:81:00.2`; behind
 * Intel VMD `10000:01:00.0`.
 */
export type PciAddress = string & { readonly [pciAddress]: true };

/** The numbers of an address. Example: `{ domain: 0, bus: 0x81, slot: 0, function: 2 }`. */
export interface PciAddressParts {
  domain: number;
  bus: number;
  slot: number;
  function: number;
}

const form = /^([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/;

/**
 * The address in this text, or undefined. Upper case is accepted, short forms are not. Example:
 * `tryParsePciAddress('0000:81:00.2')` → the address; `'81:00.2'` → undefined. Source: Linux
 * `Documentation/ABI/testing/sysfs-bus-pci`, file names of /sys/bus/pci/devices.
 */
export function tryParsePciAddress(text: string): PciAddress | undefined {
  const lower = text.toLowerCase();
  if (!form.test(lower)) return undefined;
  return lower.replace(/^0+(?=[0-9a-f]{4,}:)/, '') as PciAddress;
}

/** The address in this text. Throws `invalid`, naming the text, when it is not an address. */
export function parsePciAddress(text: string): PciAddress {
  const address = tryParsePciAddress(text);
  if (address !== undefined) return address;
  throw new ComputeError(
    'invalid',
    `PCI address "${text}": must be DOMAIN:BUS:SLOT.FUNCTION in hexadecimal, such as 0000:81:00.2`,
  );
}

/**
 * The numbers of an address, for XML and sorting. Example: `0000:81:00.2` → bus 0x81, function 2.
 */
export function pciAddressParts(address: PciAddress): PciAddressParts {
  const [domain = '', bus = '', rest = ''] = address.split(':');
  const [slot = '', fn = ''] = rest.split('.');
  return {
    domain: Number.parseInt(domain, 16),
    bus: Number.parseInt(bus, 16),
    slot: Number.parseInt(slot, 16),
    function: Number.parseInt(fn, 16),
  };
}

/** Sorts addresses by their numbers. Example: 2000:01:00.0 comes before 10000:01:00.0. */
export function comparePciAddresses(one: string, other: string): number {
  return one.length - other.length || compareText(one, other);
}

/**
 * The address with these numbers. Example: `{ domain: 0, bus: 1, slot: 16, function: 2 }` →
 * `0000:01:10.2`.
 */
export function printPciAddress(parts: PciAddressParts): PciAddress {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
  return parsePciAddress(
    `${hex(parts.domain, 4)}:${hex(parts.bus, 2)}:${hex(parts.slot, 2)}.${parts.function.toString(16)}`,
  );
}

/**
 * libvirt's name of the function, Nova's `dev_id`. Example: `0000:81:00.2` → `pci_0000_81_00_2`.
 * Source: libvirt `udevGenerateDeviceName`.
 */
export function nodeDeviceName(address: PciAddress): string {
  return `pci_${address.replaceAll(/[:.]/g, '_')}`;
}

/**
 * Shared by all functions of a card, and possibly by its VFs. Example: `0000:61:00.1` →
 * `0000:61:00`.
 */
export function slotOf(address: string): string {
  return address.slice(0, address.lastIndexOf('.'));
}

/**
 * Is its domain wider than 16 bits, as behind Intel VMD? libvirt accepts such an address, QEMU
 * refuses a guest's device there. Source: libvirt `basictypes.rng`, `pciDomain`; QEMU
 * `set_pci_host_devaddr`, seen with QEMU 7.2.
 */
export function hasWideDomain(address: PciAddress): boolean {
  return pciAddressParts(address).domain > 0xffff;
}
