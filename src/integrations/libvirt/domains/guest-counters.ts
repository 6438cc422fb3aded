/** libvirt's statistics of a domain as the contract's counters. */
import type { GuestCounters, TrafficCounters } from '#contracts/host/guest-counters.ts';
import type { DomainStats } from '../child/child-messages.ts';
import type { DomainDevice } from './domain-devices.ts';
import { isStandby } from '../xml/standby-alias.ts';

/**
 * `devices`: the NICs of the running domain, whose MAC addresses libvirt's statistics lack; a
 * standby is no NIC of its own. What libvirt left out is null. Example: `{ 'vcpu.0.time':
 * 17_300_000_000, … }` → `{ cpuNanoseconds: [17_300_000_000], … }`. Source: libvirt,
 * `virConnectGetAllDomainStats`.
 */
export function guestCounters(
  stats: DomainStats,
  devices: readonly Pick<DomainDevice, 'target' | 'macAddress' | 'alias'>[],
): GuestCounters {
  const number = (name: string): number | null => {
    const value = stats[name];
    return typeof value === 'number' ? value : null;
  };
  const listed = (kind: string): { name: string; of: (counter: string) => number | null }[] =>
    Array.from({ length: number(`${kind}.count`) ?? 0 }, (_, at) => ({
      name: String(stats[`${kind}.${at}.name`] ?? ''),
      of: (counter: string) => number(`${kind}.${at}.${counter}`),
    })).filter(({ name }) => name !== '');
  return {
    cpuNanoseconds: Array.from({ length: number('vcpu.current') ?? 0 }, (_, at) =>
      number(`vcpu.${at}.time`),
    ),
    memory: {
      maximum: number('balloon.maximum') ?? 0,
      current: number('balloon.current') ?? number('balloon.maximum') ?? 0,
      resident: number('balloon.rss'),
      unused: number('balloon.unused'),
    },
    disks: listed('block').map(({ name, of }) => ({
      name,
      readBytes: of('rd.bytes'),
      readRequests: of('rd.reqs'),
      writeBytes: of('wr.bytes'),
      writeRequests: of('wr.reqs'),
      errors: of('errors'),
    })),
    nics: listed('net').flatMap(({ name, of }) => {
      const device = devices.find(({ target }) => target === name);
      if (device === undefined || isStandby(device) || device.macAddress === null) return [];
      const { macAddress } = device;
      return [{ name, macAddress, received: traffic(of, 'rx'), sent: traffic(of, 'tx') }];
    }),
  };
}

function traffic(of: (counter: string) => number | null, way: 'rx' | 'tx'): TrafficCounters {
  return {
    bytes: of(`${way}.bytes`),
    packets: of(`${way}.pkts`),
    errors: of(`${way}.errs`),
    drops: of(`${way}.drop`),
  };
}
