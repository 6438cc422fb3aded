/** Chapter: what a delete leaves behind, which is nothing. */
import type { Claim } from './telling.ts';
import { boot, driverOf, expected, vfsOf, type World } from './world.ts';

export async function tellOfRelease(world: World, claim: Claim): Promise<void> {
  const { user, networks } = world;
  const before = await vfsOf(world, 'enp1s0');
  const free = await user.freeVfs('physnet1');
  const ports = [
    await user.createPort(networks.red, 'direct', { 'binding:profile': { trusted: 'true' } }),
    await user.createPort(networks.red, 'macvtap'),
  ];
  const server = await boot(world, 'short-lived', ports);
  const slots: string[] = [];
  await claim('while it runs two VFs of the PF are its own, one of them trusted', async () => {
    for (const { id } of ports) {
      slots.push(String((await user.showPort(id))['binding:profile']['pci_slot']));
    }
    const macs = new Set(ports.map(({ mac_address }) => mac_address));
    const held = (await vfsOf(world, 'enp1s0')).filter(({ address }) => macs.has(address));
    const trusted = held.filter(({ trust }) => trust);
    const isTaken = (await user.freeVfs('physnet1')) === free - 2;
    return expected(
      held.length === 2 && trusted.length === 1 && isTaken,
      `${held.length} VFs with its MACs, ${trusted.length} trusted; ${slots.join(' and ')}`,
    );
  });
  await user.deleteServer(server.id);
  await claim('the PF shows each VF as it was before', async () => {
    const after = await vfsOf(world, 'enp1s0');
    const text = (vfs: typeof after) => JSON.stringify(vfs.map(settings));
    return expected(text(after) === text(before), text(after));
  });
  await claim('both VFs have their own driver again', async () => {
    const drivers = await Promise.all(slots.map((slot) => driverOf(world, slot)));
    return expected(drivers.join() === 'igbvf,igbvf', drivers.join(', '));
  });
  await claim('the ports live on, unbound', async () => {
    const shown = await Promise.all(ports.map(({ id }) => user.showPort(id)));
    const bound = shown.filter(
      (port) => (port['binding:host_id'] ?? '') !== '' || 'pci_slot' in port['binding:profile'],
    );
    return expected(bound.length === 0, `${bound.length} of ${shown.length} bound`);
  });
  await claim('the pool has as many VFs as before', async () => {
    const now = await user.freeVfs('physnet1');
    return expected(now === free, `${now} free, ${free} before`);
  });
}

/** igbvf gives a VF without an administrator's MAC a new one each time it is bound, so a MAC is no baseline here. */
function settings(vf: Awaited<ReturnType<typeof vfsOf>>[number]) {
  const { vf: number, vlan_list: vlans, spoofchk, trust, link_state: link } = vf;
  return { number, vlan: vlans?.[0]?.vlan ?? 0, spoofchk, trust, link };
}
