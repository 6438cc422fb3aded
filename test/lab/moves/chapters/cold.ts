/** Chapter: a server moves while it is off; its user confirms that, and takes another move back. */
import type { Check } from '../../story/story-report.ts';
import { expected } from '../../story/world.ts';
import { checkArrival, checkEnd } from '../check-arrival.ts';
import { type HostName, type MovesWorld } from '../moves-world.ts';
import { arrived, consoleOn, type MovingServer, movingServer, watchedMove } from '../moving.ts';
import type { Seen } from '../watch.ts';

export async function checkCold(world: MovesWorld, check: Check): Promise<void> {
  const { user } = world;
  const moving = await movingServer(world, 'cold', 'direct');
  const { server, from, to } = moving;
  await checkArrival(world, check, { moving, seen: await coldMove(world, moving) });
  await check('both hosts hold a device until its user decides', async () => {
    const held = (await user.devices()).filter(({ instance_uuid: id }) => id === server.id);
    const found = held.map(({ host, address }) => `${host} ${address}`).join(', ');
    return expected(held.length === 2 && new Set(held.map(({ host }) => host)).size === 2, found);
  });
  await user.act(server.id, { confirmResize: null });
  await user.settled(server.id, 'ACTIVE');
  await checkEnd(world, check, moving, { at: to, without: from });
  await checkRevert(world, check, moving);
}

/** Back to the first host, and reverted: it stays on the second. */
async function checkRevert(world: MovesWorld, check: Check, there: MovingServer): Promise<void> {
  const { user } = world;
  const moving = { ...there, from: there.to, to: there.from };
  await coldMove(world, moving);
  const { server, from, to, text } = moving;
  const log = consoleOn(world, server, from);
  await user.act(server.id, { revertResize: null });
  await user.settled(server.id, 'ACTIVE');
  await check('reverted, it runs where it was, with its disk', async () => {
    await log.waitFor({ what: 'READY' });
    const disks = await log.command('disks');
    const found = disks.find((disk) => disk['text'] === text);
    const { 'OS-EXT-SRV-ATTR:host': host } = await user.showServer(server.id);
    return expected(host === from && found !== undefined, `on ${host}, ${found?.['name']}`);
  });
  await checkEnd(world, check, moving, { at: from, without: to });
}

/** Until its guest has started on the other host. */
function coldMove(world: MovesWorld, moving: MovingServer): Promise<Seen<HostName, void>> {
  const { server, to } = moving;
  return watchedMove(world, moving, async () => {
    await world.user.act(server.id, { migrate: { host: to } });
    await arrived(world, moving, 'VERIFY_RESIZE');
    await consoleOn(world, server, to).waitFor({ what: 'READY' });
  });
}
