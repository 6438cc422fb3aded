/** What the VFs of guests have received and sent. */
import type { NicCounters, VfTraffic } from '#contracts/host/guest-counters.ts';
import type { FoundGuest } from '#contracts/host/hypervisor.ts';
import { isLive } from '#core/guests/plan/plan.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { AgentOptions } from '../agent-options.ts';

type Host = Pick<AgentOptions, 'host' | 'hypervisor' | 'pciBus' | 'log'>;

/** Of all running guests. Throws the errors of the host. */
export async function guestTraffic({ hypervisor, pciBus }: Host): Promise<VfTraffic[]> {
  const guests = (await hypervisor.listGuests()).filter(isLive);
  const addresses = guests.flatMap(({ devices }) => devices.map(({ address }) => address));
  return addresses.length === 0 ? [] : pciBus.vfTraffic(addresses);
}

/** The NICs of a guest that only their PF counts. Never throws: what is not known is left out. */
export async function passedThroughNics(host: Host, guestId: string): Promise<NicCounters[]> {
  const { hypervisor, pciBus } = host;
  try {
    const guest = (await hypervisor.listGuests()).find(({ id }) => id === guestId);
    const counted = await pciBus.vfTraffic(passedThrough(guest));
    return await Promise.all(
      counted.map(async ({ address, ...traffic }, at) => {
        const { settings } = await pciBus.vfState(address);
        return { name: `vf${at}`, macAddress: settings.macAddress, ...traffic };
      }),
    );
  } catch (error) {
    host.log.warn({ host: host.host, err: error }, 'the traffic of VFs cannot be read');
    return [];
  }
}

function passedThrough(guest: FoundGuest | undefined): PciAddress[] {
  const devices = guest?.devices.filter(({ through }) => through === 'hostdev') ?? [];
  return devices.map(({ address }) => address);
}
