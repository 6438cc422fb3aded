/** Node devices as libvirt's test driver reads them: `test:///FILE`, no daemon, no root. */
import { writeFileSync } from 'node:fs';
import { nodeDeviceName, pciAddressParts } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';

export interface NodeXmlOptions {
  /** Of each interface. */
  features: readonly string[];
  /** Serial of the card, by address. */
  serials?: Readonly<Record<string, string>>;
}

/** Writes the file, and returns the URI of a libvirt that has these devices and no others. */
export function writeNodeXml(
  path: string,
  functions: readonly PciFunction[],
  { features, serials = {} }: NodeXmlOptions,
): string {
  const devices = functions.flatMap((fn) => [
    pciXml(fn, serials[fn.address]),
    ...(fn.ifname === null ? [] : [netXml(fn, fn.ifname, features)]),
  ]);
  writeFileSync(path, `<node>\n${devices.join('\n')}\n</node>\n`);
  return `test://${path}`;
}

function pciXml(fn: PciFunction, serial: string | undefined): string {
  const { domain, bus, slot, function: number } = pciAddressParts(fn.address);
  const vpd =
    serial === undefined
      ? ''
      : `<capability type='vpd'><name>a card</name><fields access='readonly'>
        <serial_number>${serial}</serial_number></fields></capability>`;
  const pf =
    fn.parentAddress === null
      ? ''
      : `<capability type='phys_function'>${addressXml(fn.parentAddress)}</capability>`;
  return `<device><name>${nodeDeviceName(fn.address)}</name><parent>computer</parent>
    <capability type='pci'><class>0x020000</class>
    <domain>${domain}</domain><bus>${bus}</bus><slot>${slot}</slot><function>${number}</function>
    <product id='0x${fn.productId}'/><vendor id='0x${fn.vendorId}'/>${pf}${vpd}</capability></device>`;
}

function addressXml(address: NonNullable<PciFunction['parentAddress']>): string {
  const { domain, bus, slot, function: number } = pciAddressParts(address);
  const hex = (value: number) => `0x${value.toString(16)}`;
  return `<address domain='${hex(domain)}' bus='${hex(bus)}' slot='${hex(slot)}' function='${hex(number)}'/>`;
}

function netXml({ address }: PciFunction, ifname: string, features: readonly string[]): string {
  const list = features.map((name) => `<feature name='${name}'/>`).join('');
  return `<device><name>net_${ifname}_52_54_00_aa_00_01</name>
    <parent>${nodeDeviceName(address)}</parent><capability type='net'>
    <interface>${ifname}</interface><address>52:54:00:aa:00:01</address>${list}
    <capability type='80203'/></capability></device>`;
}
