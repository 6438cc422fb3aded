/**
 * What Novella stores in a domain: the guest's owner, and what each NIC needs of its device. It
 * also identifies Novella's domains.
 */
import { XMLParser } from 'fast-xml-parser';
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import { type HeldDevice, heldByNic } from '#core/guests/description/held-device.ts';
import { tryParsePciAddress } from '#core/pci/devices/address.ts';
import { element, type XmlElement } from './xml.ts';

/** XML namespace and prefix of Novella's element. */
export const metadataNamespace = 'urn:novella:server:1';
export const metadataPrefix = 'novella';

export interface PortRecord {
  portId: string;
  macAddress: string;
  kind: string;
  /** null: the NIC holds no PCI device. */
  device: HeldDevice | null;
}

export interface GuestMetadata {
  title: string;
  flavorName: string;
  projectId: string;
  ports: PortRecord[];
}

export function metadataOf(guest: Guest): GuestMetadata {
  const { title, flavorName, projectId } = guest;
  return { title, flavorName, projectId, ports: guest.nics.map(portRecord) };
}

export function portRecord(nic: GuestNic): PortRecord {
  const { portId, macAddress, kind } = nic;
  return { portId, macAddress, kind, device: heldByNic(nic) ?? null };
}

/**
 * Example: `<novella:server xmlns:novella='urn:novella:server:1'>…<novella:port id='6d0f…'
 * mac='fa:16:…' kind='hostdev' device='0000:01:10.0'/>…`.
 */
export function metadataXml(metadata: GuestMetadata): XmlElement {
  const namespace = { [`xmlns:${metadataPrefix}`]: metadataNamespace };
  return serverElement(metadata, { prefix: `${metadataPrefix}:`, namespace });
}

/** The same in the form that replaces a domain's element: libvirt adds namespace and prefix. */
export function replacementMetadataXml(metadata: GuestMetadata): XmlElement {
  return serverElement(metadata, { prefix: '', namespace: {} });
}

function serverElement(
  { title, flavorName, projectId, ports }: GuestMetadata,
  { prefix, namespace }: { prefix: string; namespace: Record<string, string> },
): XmlElement {
  return element(`${prefix}server`, namespace, [
    element(`${prefix}name`, {}, [title]),
    element(`${prefix}flavor`, {}, [flavorName]),
    element(`${prefix}owner`, { project: projectId }),
    ...ports.map(({ portId, macAddress, kind, device }) =>
      element(`${prefix}port`, {
        id: portId,
        mac: macAddress,
        kind,
        device: device?.address,
        through: device?.through,
        configured: device?.isConfigured === true ? 'yes' : null,
        trust: device?.trust === true ? 'yes' : null,
      }),
    ),
  ]);
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (name) => name === 'novella:port',
});

interface ParsedServer {
  'novella:name'?: string;
  'novella:flavor'?: string;
  'novella:owner'?: { '@project'?: string };
  'novella:port'?: Record<string, string | undefined>[];
}

/** Reads it from a domain's XML; undefined for a domain that is not Novella's. */
export function readMetadata(domainXml: string): GuestMetadata | undefined {
  const text = /<novella:server [\s\S]*?<\/novella:server>/.exec(domainXml)?.[0];
  if (text?.includes(metadataNamespace) !== true) return undefined;
  const server = (parser.parse(text) as { 'novella:server': ParsedServer })['novella:server'];
  return {
    title: server['novella:name'] ?? '',
    flavorName: server['novella:flavor'] ?? '',
    projectId: server['novella:owner']?.['@project'] ?? '',
    ports: (server['novella:port'] ?? []).map((port) => ({
      portId: port['@id'] ?? '',
      macAddress: port['@mac'] ?? '',
      kind: port['@kind'] ?? '',
      device: readDevice(port),
    })),
  };
}

function readDevice(port: Record<string, string | undefined>): HeldDevice | null {
  const address = tryParsePciAddress(port['@device'] ?? '');
  if (address === undefined) return null;
  return {
    address,
    through: (port['@through'] ?? 'hostdev') as HeldDevice['through'],
    isConfigured: port['@configured'] === 'yes',
    trust: port['@trust'] === 'yes',
  };
}
