/**
 * Chapter: a VF is attached to a running guest and detached; the guest's life: pause, reboot, stop,
 * start.
 */
import type { Check } from '../story-report.ts';
import { addressOf, boot, clear, expected, hostShows, vfsOf, type World } from '../world.ts';

export async function checkHotPlug(world: World, check: Check): Promise<void> {
  const { user, networks } = world;
  const free = await user.freeVfs('physnet1');
  const server = await boot(world, 'grows', [await user.createPort(networks.red, 'direct')]);
  const late = await user.createPort(networks.blue, 'direct');
  await check('a direct port attached while it runs becomes a NIC of the guest', async () => {
    await user.attach(server.id, late.id);
    const nic = await server.console.waitFor({ what: 'NIC', mac: late.mac_address });
    return expected(
      nic['driver'] === 'igbvf',
      `${nic['if']} at ${nic['pci']}, driver ${nic['driver']}`,
    );
  });
  await check('detached, it leaves the guest, and its VF is free and clean', async () => {
    await user.detach(server.id, late.id);
    await server.console.waitFor({ what: 'NIC-GONE', mac: late.mac_address });
    const now = await hostShows('the VF to be free', async () => {
      const count = await user.freeVfs('physnet1');
      return count === free - 1 ? count : undefined;
    });
    const vfs = await vfsOf(world, 'enp1s0');
    const left = vfs.filter(
      (vf) => vf.address === late.mac_address || vf.vlan_list?.[0]?.vlan === 43,
    );
    return expected(left.length === 0, `${now} VFs free, ${left.length} with its MAC or VLAN`);
  });
  await check('paused, it is PAUSED; unpaused, it answers', async () => {
    await user.act(server.id, { pause: null });
    await user.settled(server.id, 'PAUSED');
    await user.act(server.id, { unpause: null });
    await user.settled(server.id, 'ACTIVE');
    const nics = await server.console.command('nics');
    return expected(nics.length > 0, `${nics.length} NIC`);
  });
  await check('its console can be read over the API', async () => {
    const address = await addressOf(world, server.ports[0]!);
    const output = await user.console(server.id);
    return expected(output.includes(`addr=${address}/24`), `${output.length} characters`);
  });
  await check('suspended, the server keeps its VF; resumed, the guest has it again', async () => {
    await user.act(server.id, { suspend: null });
    await user.settled(server.id, 'SUSPENDED');
    const free = await user.freeVfs('physnet1');
    await user.act(server.id, { resume: null });
    await user.settled(server.id, 'ACTIVE');
    // A resume begins the console again, as a start does: its report of the NIC is new.
    const nic = await server.console.waitFor({ what: 'NIC', mac: server.ports[0]!.mac_address });
    return expected(
      nic['driver'] === 'igbvf',
      `${free} VFs free while suspended, ${nic['if']}, driver ${nic['driver']}`,
    );
  });
  await check('a guest that powers itself off makes its server SHUTOFF', async () => {
    await server.console.type('poweroff');
    const { status } = await user.settled(server.id, 'SHUTOFF');
    return status;
  });
  await check('started again, it has its VF again', async () => {
    await user.act(server.id, { 'os-start': null });
    await user.settled(server.id, 'ACTIVE');
    // A start begins the console again.
    const nic = await server.console.waitFor({ what: 'NIC', mac: server.ports[0]!.mac_address });
    return expected(nic['driver'] === 'igbvf', `${nic['if']}, driver ${nic['driver']}`);
  });
  await clear(world);
}
