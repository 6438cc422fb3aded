/**
 * Converts libvirt's description of the host to the contract's. Source: libvirt "Driver
 * capabilities", `virNodeGetInfo`.
 */
import { XMLParser } from 'fast-xml-parser';
import type { HypervisorFacts } from '#contracts/host/hypervisor.ts';
import type { HostNumaNode } from '#core/scheduling/numa-fit.ts';
import type { Procedures } from '../child/child-messages.ts';

interface ParsedCapabilities {
  capabilities?: {
    host?: {
      cpu?: { arch?: string; model?: string };
      topology?: { cells?: { cell?: ParsedCell[] } };
    };
  };
}

interface ParsedCell {
  '@id'?: string;
  memory?: { '#text'?: string; '@unit'?: string } | string;
  cpus?: { cpu?: { '@id'?: string; '@socket_id'?: string }[] };
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (name, _path, _isLeaf, isAttribute) => !isAttribute && ['cell', 'cpu'].includes(name),
});

/** `diskGib`: of the file system with the guests' disks, which libvirt does not report. */
export function hypervisorFacts(
  host: Procedures['hostFacts']['result'],
  diskGib: number,
): HypervisorFacts {
  const parsed = parser.parse(host.capabilities) as ParsedCapabilities;
  const cpu = one(parsed.capabilities?.host?.cpu);
  const cells = parsed.capabilities?.host?.topology?.cells?.cell ?? [];
  return {
    type: host.type,
    version: host.version,
    vcpus: host.cpus,
    memoryMib: Math.floor(host.memoryKib / 1024),
    diskGib,
    cpuModel: cpu?.model ?? 'unknown',
    architecture: cpu?.arch ?? 'unknown',
    ...(cells.length > 0 && { numaNodes: cells.map(numaNode) }),
  };
}

function numaNode(cell: ParsedCell): HostNumaNode {
  const cpus = cell.cpus?.cpu ?? [];
  // An offline processor reports no node. A node over several sockets gets no socket. Source: Nova
  // `_get_host_numa_topology`.
  const [socket, ...more] = new Set(cpus.flatMap((cpu) => cpu['@socket_id'] ?? []));
  const { memory } = cell;
  const kib = typeof memory === 'string' ? memory : memory?.['#text'];
  return {
    id: Number(cell['@id'] ?? '0'),
    socket: socket === undefined || more.length > 0 ? null : Number(socket),
    cpus: cpus.map((cpu) => Number(cpu['@id'])),
    dedicatedCpus: [],
    memoryMib: Math.floor(Number(kib ?? '0') / 1024),
  };
}

/** An element whose name is always parsed as a list is a list of one here. */
function one<T>(value: T | T[] | undefined): T | undefined {
  return Array.isArray(value) ? value[0] : value;
}
