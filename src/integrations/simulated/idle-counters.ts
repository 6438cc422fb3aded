/** The counters of a simulated guest: it executes nothing, so that all of them stay zero. */
import type { GuestCounters } from '#contracts/host/guest-counters.ts';
import { type Guest, isPciNic } from '#core/guests/description/guest.ts';

const noTraffic = { bytes: 0, packets: 0, errors: 0, drops: 0 };
const noAccess = { readBytes: 0, readRequests: 0, writeBytes: 0, writeRequests: 0, errors: null };

/** As libvirt counts: a disk has no errors, a NIC that is passed through is not listed. */
export function idleCounters(guest: Guest): GuestCounters {
  const { vcpus, memoryMib, nics, configDrive } = guest;
  const disks = ['vda', ...(configDrive === null ? [] : ['sda'])];
  return {
    cpuNanoseconds: Array.from({ length: vcpus }, () => 0),
    memory: { maximum: memoryMib * 1024, current: memoryMib * 1024, resident: 0, unused: null },
    disks: disks.map((name) => ({ name, ...noAccess })),
    nics: nics.flatMap((nic, at) => {
      if (isPciNic(nic) && nic.kind !== 'macvtap') return [];
      const name = 'devName' in nic ? nic.devName : `macvtap${at}`;
      return [{ name, macAddress: nic.macAddress, received: noTraffic, sent: noTraffic }];
    }),
  };
}
