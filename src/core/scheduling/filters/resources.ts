/** Refuses a host without enough free vcpus, memory or disk, overcommit counted. Source: Nova's Placement inventories and allocation ratios. */
import type { Reason } from '../../reason.ts';
import type { Filter } from '../filter.ts';

export const resources: Filter = {
  name: 'resources',
  check(host, spec) {
    return [
      shortage('vcpus', '', spec.vcpus, {
        total: host.vcpus,
        ratio: host.cpuAllocationRatio,
        used: host.vcpusUsed,
      }),
      shortage('memory', ' MiB', spec.memoryMib, {
        total: host.memoryMib,
        ratio: host.memoryAllocationRatio,
        used: host.memoryMibUsed,
      }),
      shortage('disk', ' GiB', spec.diskGib, {
        total: host.diskGib,
        ratio: host.diskAllocationRatio,
        used: host.diskGibUsed,
      }),
    ].filter((reason) => reason !== undefined);
  },
};

interface Amount {
  total: number;
  ratio: number;
  used: number;
}

/** One server may not be larger than the host itself, whatever the ratio allows in sum. */
function shortage(what: string, unit: string, needed: number, have: Amount): Reason | undefined {
  const free = Math.max(0, Math.floor(have.total * have.ratio) - have.used);
  if (needed > have.total) {
    return {
      code: `no-${what}`,
      message: `${what}: ${needed}${unit} needed, the host has ${have.total}${unit} in all`,
      data: { needed, total: have.total },
    };
  }
  if (needed <= free) return undefined;
  return {
    code: `no-${what}`,
    message: `${what}: ${free}${unit} of ${needed}${unit} free`,
    data: { needed, free },
  };
}
