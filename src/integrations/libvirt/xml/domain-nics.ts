/** Reads the NICs of a libvirt domain XML, to compare them with ports and devices. */
import { XMLParser } from 'fast-xml-parser';
import { printPciAddress } from '#core/pci/devices/address.ts';

/** One `<interface>`. `source` is the PCI address of a hostdev, the netdev of a direct one. */
export interface DomainNic {
  kind: string;
  macAddress: string;
  /** null without a `<vlan>`. */
  vlan: number | null;
  source: string | null;
}

interface InterfaceXml {
  type: string;
  mac?: { address?: string };
  vlan?: { tag?: { id?: string } };
  source?: {
    dev?: string;
    address?: { domain: string; bus: string; slot: string; function: string };
  };
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  isArray: (name) => name === 'interface',
});

/**
 * The NICs in document order; empty when it has no devices. Source: libvirt, "Domain XML format",
 * network interfaces.
 */
export function domainNics(xml: string): DomainNic[] {
  const document = parser.parse(xml) as {
    domain?: { devices?: { interface?: InterfaceXml[] } };
  };
  return (document.domain?.devices?.interface ?? []).map((nic) => ({
    kind: nic.type,
    macAddress: nic.mac?.address ?? '',
    vlan: nic.vlan?.tag?.id === undefined ? null : Number(nic.vlan.tag.id),
    source: sourceOf(nic),
  }));
}

function sourceOf({ source }: InterfaceXml): string | null {
  const address = source?.address;
  if (address === undefined) return source?.dev ?? null;
  return printPciAddress({
    domain: Number(address.domain),
    bus: Number(address.bus),
    slot: Number(address.slot),
    function: Number(address.function),
  });
}
