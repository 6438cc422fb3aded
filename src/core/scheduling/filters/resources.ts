/**
 * Refuses a host without enough free vcpus, memory or disk, overcommit counted. Source: Nova's
 * Placement inventories and allocation ratios.
 */
import type { Reason } from '../../reason.ts';
import type { Filter } from '../filter.ts';
import type { HostState } from '../host-state.ts';

export const resources: Filter = {
  name: 'resources',
  passes(host, spec) {
    const { vcpus, memoryMib, diskGib } = roomOn(host);
    return spec.vcpus <= vcpus && spec.memoryMib <= memoryMib && spec.diskGib <= diskGib;
  },
  check(host, spec) {
    return [
      shortage('vcpus', '', spec.vcpus, { total: host.vcpus, free: freeVcpus(host) }),
      shortage('memory', ' MiB', spec.memoryMib, {
        total: host.memoryMib,
        free: freeMemoryMib(host),
      }),
      shortage('disk', ' GiB', spec.diskGib, { total: host.diskGib, free: freeDiskGib(host) }),
    ].filter((reason) => reason !== undefined);
  },
};

/** The largest server that the host still takes. Memory in MiB, disk in GiB. */
export function roomOn(host: HostState): { vcpus: number; memoryMib: number; diskGib: number } {
  return {
    vcpus: Math.min(host.vcpus, freeVcpus(host)),
    memoryMib: Math.min(host.memoryMib, freeMemoryMib(host)),
    diskGib: Math.min(host.diskGib, freeDiskGib(host)),
  };
}

function freeVcpus(host: HostState): number {
  return freeOf(host.vcpus * host.cpuAllocationRatio, host.vcpusUsed);
}

function freeMemoryMib(host: HostState): number {
  return freeOf(host.memoryMib * host.memoryAllocationRatio, host.memoryMibUsed);
}

function freeDiskGib(host: HostState): number {
  return freeOf(host.diskGib * host.diskAllocationRatio, host.diskGibUsed);
}

function freeOf(total: number, used: number): number {
  return Math.max(0, Math.floor(total) - used);
}

/** No server may be larger than the host itself, even if the ratio allows more in total. */
function shortage(
  what: string,
  unit: string,
  needed: number,
  { total, free }: { total: number; free: number },
): Reason | undefined {
  if (needed > total) {
    return {
      code: `no-${what}`,
      message: `${what}: ${needed}${unit} needed, the host has ${total}${unit} in all`,
      data: { needed, total },
    };
  }
  if (needed <= free) return undefined;
  return {
    code: `no-${what}`,
    message: `${what}: ${free}${unit} of ${needed}${unit} free`,
    data: { needed, free },
  };
}
