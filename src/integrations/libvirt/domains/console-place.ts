/** Where the XML of a running domain says its consoles are. Source: libvirt "Domain XML format". */
import { XMLParser } from 'fast-xml-parser';
import type { ConsoleKind, ConsolePlace } from '#contracts/host/guest-consoles.ts';

interface ParsedDomain {
  domain?: {
    devices?: {
      graphics?: { '@type'?: string; '@port'?: string }[];
      serial?: { '@type'?: string; source?: { '@path'?: string } }[];
    };
  };
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (name, _path, _isLeaf, isAttribute) =>
    !isAttribute && ['graphics', 'serial'].includes(name),
});

/**
 * null: it has no display by VNC, or no serial port with a terminal. Example: `<graphics type='vnc'
 * port='5901' …/>` → `{ port: 5901 }`.
 */
export function consolePlace(domainXml: string, kind: ConsoleKind): ConsolePlace | null {
  const { graphics = [], serial = [] } =
    (parser.parse(domainXml) as ParsedDomain).domain?.devices ?? {};
  if (kind === 'vnc') {
    const port = Number(graphics.find((one) => one['@type'] === 'vnc')?.['@port']);
    return Number.isInteger(port) && port > 0 ? { port } : null;
  }
  const [first] = serial;
  const path = first?.['@type'] === 'pty' ? first.source?.['@path'] : undefined;
  return path !== undefined && /^\/dev\/pts\/\d+$/.test(path) ? { path } : null;
}
