/**
 * Of the four servers: what they hold while they run, and that their deletion leaves nothing
 * behind.
 */
import { labDevices } from '../../machine.ts';
import type { FourServers } from './four-servers.ts';
import type { Check } from '../story-report.ts';
import { clear, driverOf, expected, type ShownVf, vfsOf, type World } from '../world.ts';

/** The first PF's state before there was any server. */
export interface Before {
  four: FourServers;
  vfsBefore: ShownVf[];
  freeBefore: number;
}

export async function checkRelease(
  world: World,
  { four, vfsBefore, freeBefore }: Before,
  check: Check,
): Promise<void> {
  const { user } = world;
  const ports = Object.values(four).flatMap((server) => server.ports);
  const slots: string[] = [];
  await check(
    'while they run they hold five VFs of the first PF, one of them trusted',
    async () => {
      for (const { id } of ports) {
        const slot = (await user.showPort(id))['binding:profile']['pci_slot'];
        if (typeof slot === 'string') slots.push(slot);
      }
      const macs = new Set(ports.map(({ mac_address }) => mac_address));
      const held = (await vfsOf(world, 'enp1s0')).filter(({ address }) => macs.has(address));
      const trusted = held.filter(({ trust }) => trust);
      const isTaken = (await user.freeVfs('physnet1')) === freeBefore - 5;
      return expected(
        held.length === 5 && slots.length === 6 && trusted.length === 1 && isTaken,
        `${held.length} VFs with their MACs, ${trusted.length} trusted; ${slots.join(', ')}`,
      );
    },
  );
  await clear(world);
  await check('after their deletion the PF shows each VF’s earlier state', async () => {
    const after = await vfsOf(world, 'enp1s0');
    const text = (vfs: ShownVf[]) => JSON.stringify(vfs.map(settings));
    return expected(text(after) === text(vfsBefore), text(after));
  });
  await check('every VF has its own driver again, and the NVMe disk its own', async () => {
    const drivers = await Promise.all(slots.map((slot) => driverOf(world, slot)));
    const disk = await driverOf(world, labDevices.nvme.address);
    return expected(
      drivers.every((driver) => driver === 'igbvf') && disk === 'nvme',
      `${drivers.join(', ')}; ${disk}`,
    );
  });
  await check('the ports still exist, unbound', async () => {
    const shown = await Promise.all(ports.map(({ id }) => user.showPort(id)));
    const bound = shown.filter(
      (port) => (port['binding:host_id'] ?? '') !== '' || 'pci_slot' in port['binding:profile'],
    );
    return expected(bound.length === 0, `${bound.length} of ${shown.length} bound`);
  });
  await check('the pool has as many VFs as before', async () => {
    const now = await user.freeVfs('physnet1');
    return expected(now === freeBefore, `${now} free, ${freeBefore} before`);
  });
}

/**
 * igbvf gives a VF without an administrator's MAC a new one each time it is bound, so a MAC is no
 * baseline here.
 */
function settings(vf: ShownVf) {
  const { vf: number, vlan_list: vlans, spoofchk, trust, link_state: link } = vf;
  return { number, vlan: vlans?.[0]?.vlan ?? 0, spoofchk, trust, link };
}
