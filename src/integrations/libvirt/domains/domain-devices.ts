/**
 * NICs and PCI devices in a domain's XML, with the text of each, which libvirt requires for a
 * detach.
 */
import { XMLParser } from 'fast-xml-parser';
import { assertNever } from '#core/errors.ts';
import type { GuestNic } from '#core/guests/description/guest.ts';
import { isPciNic } from '#core/guests/description/guest.ts';
import { type PciAddress, printPciAddress } from '#core/pci/devices/address.ts';
import { hasPortNetwork, portNetworkName } from '../xml/port-network.ts';

/** One `<interface>` or `<hostdev>`. Absent values are null. */
export interface DomainDevice {
  element: 'interface' | 'hostdev';
  text: string;
  macAddress: string | null;
  /** The host's PCI function. */
  address: PciAddress | null;
  /** The host's interface under a macvtap, or the vDPA device. */
  source: string | null;
  isMacvtap: boolean;
  bridge: string | null;
  /** The host's end of a virtual NIC. */
  target: string | null;
  network: string | null;
  /** libvirt's alias for it, only in a running domain, or that of a standby. */
  alias: string | null;
  /** Whether libvirt leaves the function's driver unchanged. */
  isUnmanaged: boolean;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
});

type Attributes = Record<string, string | undefined>;

interface ParsedDevice {
  '@type'?: string;
  '@managed'?: string;
  mac?: Attributes;
  source?: { '@dev'?: string; '@network'?: string; '@bridge'?: string; address?: Attributes };
  target?: Attributes;
  alias?: Attributes;
}

/**
 * The devices of a domain's XML, in its order. Host devices other than PCI functions are left out.
 */
export function domainDevices(domainXml: string): DomainDevice[] {
  // libvirt prints its XML without comments, and neither element nests.
  const texts = domainXml.matchAll(/<(interface|hostdev)[ >][\s\S]*?<\/\1>/g);
  return [...texts].flatMap(([text, name]) => {
    const element = name as DomainDevice['element'];
    const device = (parser.parse(text) as Record<string, ParsedDevice>)[element] ?? {};
    if (element === 'hostdev' && device['@type'] !== 'pci') return [];
    return [
      {
        element,
        text,
        macAddress: device.mac?.['@address']?.toLowerCase() ?? null,
        address: addressOf(device.source?.address),
        source: device.source?.['@dev'] ?? null,
        isMacvtap: device['@type'] === 'direct',
        bridge: device.source?.['@bridge'] ?? null,
        target: device.target?.['@dev'] ?? null,
        network: device.source?.['@network'] ?? null,
        alias: device.alias?.['@name'] ?? null,
        // libvirt always prints the attribute; without it nothing is managed.
        isUnmanaged: element === 'hostdev' && device['@managed'] !== 'yes',
      },
    ];
  });
}

/**
 * The device of this NIC, or undefined. A passed-through NIC is matched by its function; any other
 * by MAC and connection, because a guest may have one MAC on two networks. `ifname`: the interface
 * of a macvtap NIC's VF; null: not known.
 */
export function deviceOfNic(
  devices: readonly DomainDevice[],
  nic: GuestNic,
  ifname: string | null = null,
): DomainDevice | undefined {
  return devices.find((device) => {
    const { element, macAddress, address } = device;
    if (nic.kind === 'hostdev-physical') return element === 'hostdev' && address === nic.address;
    if (element !== 'interface') return false;
    if (address !== null) return isPciNic(nic) && nic.address === address;
    return macAddress === nic.macAddress.toLowerCase() && isConnectedAs(device, nic, ifname);
  });
}

/** A value missing from the XML is no difference. */
function isConnectedAs(device: DomainDevice, nic: GuestNic, ifname: string | null): boolean {
  const { network, isMacvtap, source, bridge, target } = device;
  if (network !== null) return hasPortNetwork(nic) && network === portNetworkName(nic.portId);
  switch (nic.kind) {
    case 'hostdev':
    case 'hostdev-physical':
      return false;
    case 'macvtap':
      return isMacvtap && isSame(source, ifname);
    case 'interface-macvtap':
    case 'qbg':
      return isMacvtap && isSame(source, nic.interface);
    case 'vdpa':
      return !isMacvtap && bridge === null;
    case 'bridge':
    case 'ovs':
      return !isMacvtap && isSame(bridge, nic.bridge) && isSame(target, nic.devName);
    case 'tap':
    case 'vhostuser':
      return !isMacvtap && bridge === null && isSame(target, nic.devName);
    default:
      return assertNever(nic);
  }
}

function isSame(one: string | null, other: string | null): boolean {
  return one === null || other === null || one === other;
}

function addressOf(attributes: Attributes | undefined): PciAddress | null {
  if (attributes?.['@slot'] === undefined) return null;
  const number = (name: string) => Number(attributes[`@${name}`] ?? '0');
  return printPciAddress({
    domain: number('domain'),
    bus: number('bus'),
    slot: number('slot'),
    function: number('function'),
  });
}
