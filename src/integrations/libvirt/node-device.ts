/**
 * Converts libvirt's node devices to PCI functions. An unreadable one is reported and never hides
 * the others. Source: libvirt "Node devices XML format".
 */
import { XMLParser } from 'fast-xml-parser';
import type { UnreadableFunction } from '#contracts/host/pci-bus.ts';
import { errorText } from '#core/errors.ts';
import { nodeDeviceName, type PciAddress, printPciAddress } from '#core/pci/devices/address.ts';
import type { PciCapabilities, PciDeviceType, PciFunction } from '#core/pci/devices/device.ts';

/** Facts that node devices lack and sysfs has. */
export interface SysfsFacts {
  ifnameOf(address: PciAddress): string | null;
  macOf(address: PciAddress): string | null;
  /** Number of a VF on its PF; undefined when the PF does not list it. */
  vfNumOf(pf: PciAddress, vf: PciAddress): number | undefined;
}

/** A PCI function with libvirt's name for it. Example: `pci_0000_3b_00_2`. */
export interface NodeDevice extends PciFunction {
  nodeName: string;
}

/** Parsed XML: attributes have `@` before their name; elements named here are always lists. */
interface XmlNode {
  [name: string]: string | XmlNode | XmlNode[] | undefined;
}

const lists = ['capability', 'feature', 'fields', 'address'];

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (name, _path, _isLeaf, isAttribute) => !isAttribute && lists.includes(name),
});

/**
 * The PCI functions among these node devices (texts as libvirt lists them: PCI, net and vDPA).
 * Source: Nova `Host._get_pcidev_info`.
 */
export function readNodeDevices(
  texts: readonly string[],
  sysfs: SysfsFacts,
): { functions: NodeDevice[]; unreadable: UnreadableFunction[] } {
  const unreadable: UnreadableFunction[] = [];
  const all = texts.flatMap((text) => parseDevice(text, unreadable));
  const functions = all.flatMap((device) => {
    const pci = capability(device, 'pci');
    if (pci === undefined) return [];
    try {
      return [readFunction(device, pci, all, sysfs)];
    } catch (error) {
      const problem = errorText(error);
      unreadable.push({ address: nameOf(device), problem });
      return [];
    }
  });
  return { functions, unreadable };
}

function parseDevice(xml: string, unreadable: UnreadableFunction[]): XmlNode[] {
  try {
    const parsed = (parser.parse(xml, true) as XmlNode)['device'];
    if (typeof parsed === 'object' && !Array.isArray(parsed)) return [parsed];
    unreadable.push({ address: 'unknown', problem: 'node device XML has no device element' });
  } catch (error) {
    const problem = errorText(error);
    unreadable.push({ address: 'unknown', problem: `node device XML: ${problem}` });
  }
  return [];
}

function readFunction(
  device: XmlNode,
  pci: XmlNode,
  all: readonly XmlNode[],
  sysfs: SysfsFacts,
): NodeDevice {
  const nodeName = nameOf(device);
  const address = printPciAddress({
    domain: decimal(pci, 'domain'),
    bus: decimal(pci, 'bus'),
    slot: decimal(pci, 'slot'),
    function: decimal(pci, 'function'),
  });
  const children = all.filter((each) => each['parent'] === nodeName);
  const { deviceType, parentAddress } = typeOf(pci, children);
  const net = children.map((child) => capability(child, 'net')).findLast((each) => each);
  return {
    nodeName,
    address,
    vendorId: id(pci, 'vendor'),
    productId: id(pci, 'product'),
    deviceType,
    parentAddress,
    numaNode: numaNodeOf(pci),
    ifname: sysfs.ifnameOf(address),
    parentIfname:
      parentAddress === null || net === undefined ? null : sysfs.ifnameOf(parentAddress),
    macAddress: deviceType === 'type-PF' ? sysfs.macOf(address) : null,
    capabilities: {
      ...(deviceType === 'type-VF' && parentAddress !== null
        ? vfCapabilities(address, parentAddress, net, sysfs)
        : {}),
      ...vpdOf(pci, deviceType === 'type-VF' ? parentAddress : null, all),
    },
  };
}

function numaNodeOf(pci: XmlNode): number | null {
  const value = text(node(pci['numa'])?.['@node']);
  return /^\d+$/.test(value) ? Number(value) : null;
}

function typeOf(
  pci: XmlNode,
  children: readonly XmlNode[],
): { deviceType: PciDeviceType; parentAddress: PciAddress | null } {
  for (const each of nodes(pci['capability'])) {
    if (each['@type'] === 'virt_functions') return { deviceType: 'type-PF', parentAddress: null };
    const [pf] = nodes(each['address']);
    if (each['@type'] !== 'phys_function' || pf === undefined) continue;
    const isVdpa = children.some((child) => capability(child, 'vdpa') !== undefined);
    return { deviceType: isVdpa ? 'vdpa' : 'type-VF', parentAddress: hexAddress(pf) };
  }
  return { deviceType: 'type-PCI', parentAddress: null };
}

/** The PF's MAC and the VF number are of use only together. */
function vfCapabilities(
  address: PciAddress,
  pf: PciAddress,
  net: XmlNode | undefined,
  sysfs: SysfsFacts,
): PciCapabilities {
  const network = nodes(net?.['feature']).map((feature) => text(feature['@name']));
  const pfMacAddress = sysfs.macOf(pf);
  const vfNum = sysfs.vfNumOf(pf, address);
  return {
    ...(network.length > 0 && { network }),
    ...(pfMacAddress !== null && vfNum !== undefined && { sriov: { pfMacAddress, vfNum } }),
  };
}

/** The card's serial; a VF without product data has its PF's. */
function vpdOf(
  pci: XmlNode,
  pf: PciAddress | null,
  all: readonly XmlNode[],
): Pick<PciCapabilities, 'vpd'> {
  const parentName = pf === null ? undefined : nodeDeviceName(pf);
  const parent = all.find((device) => nameOf(device) === parentName);
  const parentPci = parent === undefined ? undefined : capability(parent, 'pci');
  const cardSerialNumber =
    serialOf(pci) ?? (parentPci === undefined ? undefined : serialOf(parentPci));
  return cardSerialNumber === undefined ? {} : { vpd: { cardSerialNumber } };
}

function serialOf(pci: XmlNode): string | undefined {
  const vpd = nodes(pci['capability']).find((each) => each['@type'] === 'vpd');
  const fields = nodes(vpd?.['fields']).find((each) => each['@access'] === 'readonly');
  const serial = text(fields?.['serial_number']);
  return serial === '' ? undefined : serial;
}

function capability(device: XmlNode, type: string): XmlNode | undefined {
  return nodes(device['capability']).find((each) => each['@type'] === type);
}

function nameOf(device: XmlNode): string {
  return text(device['name']);
}

/** libvirt writes a device's own address in decimal. */
function decimal(pci: XmlNode, field: string): number {
  const value = text(pci[field]);
  if (/^\d+$/.test(value)) return Number(value);
  throw new Error(`node device: ${field} "${value}" must be a decimal number`);
}

/** … and related addresses in hexadecimal. */
function hexAddress(address: XmlNode): PciAddress {
  const hex = (field: string) => Number.parseInt(text(address[`@${field}`]), 16);
  return printPciAddress({
    domain: hex('domain'),
    bus: hex('bus'),
    slot: hex('slot'),
    function: hex('function'),
  });
}

function id(pci: XmlNode, field: 'vendor' | 'product'): string {
  const value = text(node(pci[field])?.['@id']);
  const digits = /^0x([0-9a-f]{1,4})$/i.exec(value)?.[1];
  if (digits !== undefined) return digits.toLowerCase().padStart(4, '0');
  throw new Error(
    `node device: ${field} id "${value}" must be 0x and up to four hexadecimal digits`,
  );
}

function text(value: XmlNode[string]): string {
  return typeof value === 'string' ? value.trim() : '';
}

function node(value: XmlNode[string]): XmlNode | undefined {
  return typeof value === 'object' && !Array.isArray(value) ? value : undefined;
}

function nodes(value: XmlNode[string]): XmlNode[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'object') : [];
}
