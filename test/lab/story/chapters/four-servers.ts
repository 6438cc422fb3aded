/**
 * Chapter: four servers at once. `a` and `b` have a NIC of each kind, and `a` the NVMe disk and a
 * trusted VF; `other` is in another VLAN of the same PF, `across` in their VLAN on the other PF.
 */
import { checkKinds } from './kinds.ts';
import { checkRelease } from './release.ts';
import type { Check } from '../story-report.ts';
import { checkVlans } from './vlans.ts';
import { boot, type RunningServer, vfsOf, type World } from '../world.ts';

export interface FourServers {
  a: RunningServer;
  b: RunningServer;
  other: RunningServer;
  across: RunningServer;
}

export async function checkFourServers(world: World, check: Check): Promise<void> {
  const { user, networks, flavors } = world;
  const vfsBefore = await vfsOf(world, 'enp1s0');
  const freeBefore = await user.freeVfs('physnet1');
  const ofEachKind = async (trusted: object) => [
    await user.createPort(networks.red, 'direct', trusted),
    await user.createPort(networks.green, 'macvtap'),
    await user.createPort(networks.plain, 'normal'),
  ];
  const aPorts = await ofEachKind({ 'binding:profile': { trusted: 'true' } });
  // One after the other: an emulated processor loses interrupts when a guest starts while another
  // boots.
  const a = await boot(world, 'a', aPorts, { flavor: flavors.withNvme, tags: ['storage'] });
  const b = await boot(world, 'b', await ofEachKind({}));
  const other = await boot(world, 'other', [await user.createPort(networks.blue, 'direct')]);
  const redAcross = await user.createPort(networks.redAcross, 'direct');
  const across = await boot(world, 'across', [redAcross]);
  const four = { a, b, other, across };
  await checkVlans(world, four, check);
  await checkKinds(world, four, check);
  await checkRelease(world, { four, vfsBefore, freeBefore }, check);
}
